package cli

// Reason is a flag that may stand alone, or say why: -all, -all=WHY. Empty is not given.
type Reason struct {
	Text string
	// Alone is the text where the flag stands alone.
	Alone string
}

// String is the reason.
func (r *Reason) String() string { return r.Text }

// IsBoolFlag lets it stand alone.
func (r *Reason) IsBoolFlag() bool { return true }

// Set takes a reason, or true and false.
func (r *Reason) Set(value string) error {
	switch value {
	case "true":
		value = r.Alone
	case "false":
		value = ""
	}
	r.Text = value
	return nil
}
