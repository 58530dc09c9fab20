package validate

// Outcome is how a check of a module ended.
type Outcome string

// The outcomes. Only Clean and Nothing pass.
const (
	Clean       Outcome = "clean"        // the check ran and found nothing that fails it
	Findings    Outcome = "findings"     // the check ran and found something
	Nothing     Outcome = "nothing"      // there is nothing that the check is for
	MissingTool Outcome = "missing tool" // the program of the check is not installed
	Crashed     Outcome = "crashed"      // the program did not do its work
	TimedOut    Outcome = "timed out"    // it took longer than Runner.Timeout
	Canceled    Outcome = "canceled"     // the run ended before the check did
)

// Pass reports whether o lets a run pass.
func (o Outcome) Pass() bool { return o == Clean || o == Nothing }
