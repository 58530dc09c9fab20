package keys

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// The objects, below Spec.Prefix.
const (
	SSHKeyObject = "nodes.pem"    // the private SSH key of the nodes
	SMTPObject   = "smtp.json"    // SMTP, with its password
	FactsObject  = "cluster.json" // Spec.Facts
)

// Spec is what is to be in the bucket.
type Spec struct {
	// Bucket must exist, and Account, the id of the one that it must belong to, must be
	// right: names of buckets are the world's, and secrets are for one's own alone.
	Bucket, Account string
	// Prefix is what the names of the objects begin with, such as "dev/"; default nothing.
	Prefix string

	// KeyPairID is the key pair of the nodes, such as "key-0123456789abcdef0", whose
	// private key EC2 keeps in Parameter Store; "" delivers none.
	KeyPairID string

	// SMTPUser is the name of the IAM user that sends mail; "" delivers no credentials.
	// Region is that of SES: the credentials are of no use in another.
	SMTPUser, Region string
	// Rotate makes a new access key, whatever is there, and deactivates the old one once
	// the new is in the bucket.
	Rotate bool
	// DeleteReplaced deletes the access keys that were replaced, which otherwise are
	// deactivated, and deleted when a later rotation needs their place.
	DeleteReplaced bool
	// RemoveOrphans deletes the access keys of the user that are in no object: those of
	// runs that were killed, and those that somebody has made by hand.
	RemoveOrphans bool

	// Facts is written as JSON; nil writes none. It must hold no secret, which [Secret]
	// makes sure of.
	Facts any
}

// The rules of names. Source: IAM API reference, CreateUser, "UserName"; EC2 API
// reference, KeyPair; Systems Manager keeps what "ec2/keypair" says below "/".
var (
	accountID = regexp.MustCompile(`^\d{12}$`)
	keyPair   = regexp.MustCompile(`^key-[0-9a-f]{8,32}$`)
	userName  = regexp.MustCompile(`^[\w+=,.@-]{1,64}$`)
	region    = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d$`)
)

// check joins the faults of s.
func (s Spec) check() error {
	var errs []error
	fault := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	fault(s.Bucket == "", "Bucket is empty")
	fault(!accountID.MatchString(s.Account), "Account %q is no account id of 12 digits", s.Account)
	fault(strings.HasPrefix(s.Prefix, "/"), "Prefix %q begins with a slash, which would be part of the names", s.Prefix)
	fault(s.KeyPairID != "" && !keyPair.MatchString(s.KeyPairID), "KeyPairID %q is no id of a key pair, such as key-0123456789abcdef0", s.KeyPairID)
	fault(s.SMTPUser != "" && !userName.MatchString(s.SMTPUser), "SMTPUser %q is no name of an IAM user; an ARN or a path is not either", s.SMTPUser)
	fault(s.SMTPUser != "" && !region.MatchString(s.Region), "Region %q is no region, which SMTP credentials need", s.Region)
	fault(s.SMTPUser == "" && (s.Rotate || s.RemoveOrphans || s.DeleteReplaced), "there is no SMTPUser whose access keys could be rotated or removed")
	return errors.Join(errs...)
}

// check is the Spec's, and that there is what it needs.
func (d *Deliverer) check(s Spec) error {
	errs := []error{s.check()}
	if d.api.Objects == nil {
		errs = append(errs, errors.New("API.Objects is nil: give a client of S3"))
	}
	if s.KeyPairID != "" && d.api.Parameters == nil {
		errs = append(errs, errors.New("API.Parameters is nil: a key pair needs a client of Systems Manager"))
	}
	if s.SMTPUser != "" && d.api.AccessKeys == nil {
		errs = append(errs, errors.New("API.AccessKeys is nil: an SMTP user needs a client of IAM"))
	}
	return errors.Join(errs...)
}

// facts is the object of Facts.
func (s Spec) facts() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(s.Facts); err != nil {
		return nil, fmt.Errorf("encode Facts: %w", err)
	}
	return b.Bytes(), nil
}
