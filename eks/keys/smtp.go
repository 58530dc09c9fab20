package keys

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Port is where SES takes mail over STARTTLS.
// Source: SES developer guide, "Connecting to an Amazon SES SMTP endpoint".
const Port = 587

// SMTP are the credentials to send mail with.
type SMTP struct {
	Host     string `json:"host"`
	Port     int    `json:"port"`
	Username string `json:"username"` // the id of an access key, which is no secret
	Password Secret `json:"password"`
	User     string `json:"user"`   // the IAM user whose access key it is
	Region   string `json:"region"` // the only one in which SES takes them
}

// Host is where SES takes mail in a region.
func Host(region string) string { return "email-smtp." + region + ".amazonaws.com" }

// Password derives the SMTP password that SES takes in a region for a secret access key.
// Source: SES developer guide, "Obtaining Amazon SES SMTP credentials by converting
// existing AWS credentials".
func Password(secretAccessKey Secret, region string) Secret {
	const version = 0x04
	signature := []byte("AWS4" + secretAccessKey.Reveal())
	for _, part := range []string{"11111111", region, "ses", "aws4_request", "SendRawEmail"} {
		mac := hmac.New(sha256.New, signature)
		mac.Write([]byte(part))
		signature = mac.Sum(nil)
	}
	return Hide(base64.StdEncoding.EncodeToString(append([]byte{version}, signature...)))
}

// smtpFile is what the object smtp.json says.
type smtpFile struct {
	SMTP
	replaced []string // ids of access keys that were here before
}

// smtpJSON is that object as it is written, and is nowhere else.
type smtpJSON struct {
	Host     string   `json:"host"`
	Port     int      `json:"port"`
	Username string   `json:"username"`
	Password string   `json:"password"`
	User     string   `json:"user"`
	Region   string   `json:"region"`
	Replaced []string `json:"replaced,omitempty"`
}

// ErrForeign is the error of an object that this package has not written.
var ErrForeign = errors.New("it is not what this package writes: move it away, or give another Prefix")

// parseSMTP reads the object. Its content is in no error.
func parseSMTP(body Secret) (smtpFile, error) {
	var f smtpJSON
	if err := json.Unmarshal([]byte(body.Reveal()), &f); err != nil || f.Username == "" || f.Password == "" || f.User == "" || f.Region == "" {
		return smtpFile{}, ErrForeign
	}
	smtp := SMTP{Host: f.Host, Port: f.Port, Username: f.Username, Password: Hide(f.Password), User: f.User, Region: f.Region}
	return smtpFile{SMTP: smtp, replaced: f.Replaced}, nil
}

func (f smtpFile) encode() (Secret, error) {
	body, err := json.MarshalIndent(smtpJSON{
		Host: f.Host, Port: f.Port, Username: f.Username, Password: f.Password.Reveal(), User: f.User, Region: f.Region, Replaced: f.replaced,
	}, "", "  ")
	if err != nil {
		return Secret{}, fmt.Errorf("encode %s: %w", SMTPObject, err)
	}
	return Hide(string(body) + "\n"), nil
}

// serves reports whether the object is for what is wanted.
func (f smtpFile) serves(s Spec) bool {
	return f.User == s.SMTPUser && f.Region == s.Region && f.Host == Host(s.Region) && f.Port == Port
}

// replacement is the object for a new key, which takes the place of this one.
func (f smtpFile) replacement(s Spec, id string, secret Secret, exist func(id string) bool) smtpFile {
	return smtpFile{
		SMTP:     SMTP{Host: Host(s.Region), Port: Port, Username: id, Password: Password(secret, s.Region), User: s.SMTPUser, Region: s.Region},
		replaced: slices.DeleteFunc(append(slices.Clone(f.replaced), f.Username), func(id string) bool { return !exist(id) }),
	}
}
