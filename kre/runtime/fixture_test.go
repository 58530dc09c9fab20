package runtime_test

import (
	"github.com/mettel-automation/delivery/kre"
	"github.com/mettel-automation/delivery/kre/runtime"
)

const (
	domain = "example.net"
	env    = "kre-dev"
)

// old is a complete runtime for the chart of 2021, changed by each of change.
func old(name string, change ...func(*runtime.Runtime)) runtime.Runtime {
	r := runtime.Runtime{
		Name: name, Title: "TNBA", Domain: domain, Kind: runtime.Development, Generation: runtime.Chart2021,
		Chart: kre.Chart{Path: "testdata/kre-2021"},
		Admin: "admin@example.com",
		Auth:  runtime.Auth{JWTSecret: "jwt-s3cret", APITokenSecret: "token-s3cret"},
		SMTP:  &runtime.SMTP{Host: "email-smtp.us-east-1.amazonaws.com", Sender: "kre@example.com", User: "AKIA1", Password: "smtp-s3cret"},
		TLS: &runtime.TLS{ACME: &runtime.ACME{
			Email: "ops@example.com",
			DNS:   &runtime.DNS{Region: "us-east-1", AccessKeyID: "AKIA2", SecretAccessKey: "dns-s3cret"},
		}},
		Storage: runtime.Storage{Class: "hostpath", MongoDB: runtime.Volume{Class: "gp2", Size: "20Gi"}},
		MongoDB: runtime.MongoDB{AdminPassword: "root-s3cret", Password: "mongo-s3cret"},
	}
	for _, c := range change {
		c(&r)
	}
	return r
}

// recent is a complete runtime for the chart of the 8.2 line.
func recent(name string, change ...func(*runtime.Runtime)) runtime.Runtime {
	r := runtime.Runtime{
		Name: name, Domain: domain, Kind: runtime.Development, Generation: runtime.Chart8,
		Chart:        kre.Chart{Path: "testdata/kre-8"},
		Admin:        "admin@example.com",
		Auth:         runtime.Auth{JWTSecret: "jwt-s3cret", APITokenSecret: "token-s3cret"},
		SMTP:         &runtime.SMTP{Host: "email-smtp.us-east-1.amazonaws.com", Port: 2587, Sender: "kre@example.com", User: "AKIA1", Password: "smtp-s3cret"},
		TLS:          &runtime.TLS{ClusterIssuer: "letsencrypt"},
		Storage:      runtime.Storage{NATS: runtime.Volume{Class: "gp3", Size: "8Gi"}},
		MongoDB:      runtime.MongoDB{SecretName: "mongo", SecretKey: "uri"},
		IngressClass: "traefik",
	}
	for _, c := range change {
		c(&r)
	}
	return r
}
