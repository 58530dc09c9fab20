package config

// KRE is a KRE environment.
type KRE struct{}

func (f *File) checkKRE() error { return nil }
