package gitcmd

// Root returns the root of the working tree, or "" where there is none.
func (r *Repo) Root() string {
	if r.bare {
		return ""
	}
	return r.dir
}
