// Package acme has the address of the certificate authority that is used by default.
package acme

// LetsEncrypt is the directory of Let's Encrypt whose certificates browsers trust.
// Source: https://letsencrypt.org/docs/acme-protocol-updates/.
const LetsEncrypt = "https://acme-v02.api.letsencrypt.org/directory"
