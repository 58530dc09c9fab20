package types

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

func statusOf(code int32, reason metav1.StatusReason, message string) metav1.Status {
	return metav1.Status{Status: metav1.StatusFailure, Code: code, Reason: reason, Message: message}
}
