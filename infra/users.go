package infra

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/infra/internal/exemplar"
)

// Users are the users of IAM who get a role each, by the group that they are in in
// Kubernetes. A user is a name, as "jdoe", with the path where it has one, as
// "support/jdoe", or an ARN, which may be of another account. Each has to exist:
// IAM refuses to trust anybody else, and then the whole stack fails.
//
// A role is called eks-<group>-<name of the owner>-<name of the user>, where
// developer-ops-privileged is developer-ops for short. If that has more than 64
// characters, its end is cut, and a hyphen and the first 8 hex digits of the SHA-256
// of the whole follow. Only its user may take it on. In AWS it allows nothing but
// eks:DescribeCluster of this cluster, which "aws eks update-kubeconfig" needs (the
// roles that these replace allowed every action on every resource); what it allows in
// Kubernetes is said there. It carries the tags Project, Project-Env,
// Project-Role (the group) and User.
type Users struct {
	Developer              []string `json:"developer,omitempty"`
	DeveloperOpsPrivileged []string `json:"developerOpsPrivileged,omitempty"`
	Devops                 []string `json:"devops,omitempty"`
}

// roleLength is the most characters of the name of a role or a user. Source: IAM API
// reference, CreateRole.
const roleLength = 64

// rolesPerOutput is how many ARNs of roles, of at most 102 characters, one output
// has, so that it stays below 1,024 bytes.
const rolesPerOutput = 9

// group is one of the three.
type group struct {
	name   string // the tag Project-Role
	short  string // in the names of roles
	id     string // in logical ids
	output string // of the ARNs of its roles
}

func groups() []group {
	return []group{
		{"developer", "developer", "Developer", "EksDeveloperRoles"},
		{"developer-ops-privileged", "developer-ops", "Privileged", "EksDeveloperOpsPrivilegedRoles"},
		{"devops", "devops", "Devops", "EksDevopsRoles"},
	}
}

// of returns the users of a group.
func (u Users) of(g group) []string {
	switch g.name {
	case "developer":
		return u.Developer
	case "devops":
		return u.Devops
	}
	return u.DeveloperOpsPrivileged
}

// person is a user who gets a role.
type person struct {
	group group
	user  string // as it is given
	name  string // of the user, without account and path
	role  string // its name
}

// people returns all users, by group and then by name, so that their order in the
// template does not depend on that in which they are given.
func (k KRECluster) people() []person {
	var all []person
	for _, g := range groups() {
		var in []person
		for _, user := range k.Users.of(g) {
			name := user[strings.LastIndexByte(user, '/')+1:]
			in = append(in, person{g, user, name, roleName(g.short, k.Name, name)})
		}
		slices.SortFunc(in, func(a, b person) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.user, b.user)) })
		all = append(all, in...)
	}
	return all
}

// roleName returns the name of the role of a user.
func roleName(group, environment, user string) string {
	name := "eks-" + group + "-" + environment + "-" + user
	if len(name) <= roleLength {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return strings.TrimRight(name[:roleLength-9], "_+=.@-") + "-" + hex.EncodeToString(sum[:4])
}

// id is what the logical ids of the person begin with.
func (p person) id() string { return "Person" + p.group.id + exemplar.LogicalID(p.name) }

// copy returns what stands for the person in the template.
func (p person) copy(project, env string) exemplar.Copy {
	user := strings.TrimPrefix(p.user, "/")
	conditions := map[string]bool{"PersonGiven": true, "PersonHasArn": strings.HasPrefix(user, "arn:")}
	for i, condition := range []string{"PersonIsDeveloper", "PersonIsPrivileged", "PersonIsDevops"} {
		conditions[condition] = groups()[i] == p.group
	}
	return exemplar.Copy{
		IDs: map[string]string{"Person": p.id()},
		Values: map[string]any{
			"PersonUser": user, "PersonName": p.name, "PersonGroup": p.group.name, "PersonRoleName": p.role,
			"PersonProject": project, "PersonProjectEnv": env,
		},
		Conditions: conditions,
	}
}

// personTags are the keys of the tags of a person's role, beside those of the stack.
func personTags() []string { return []string{"Project", "Project-Env", "Project-Role", "User"} }

// checkPeople checks the users, and that the tags of their roles are told apart.
func (k KRECluster) checkPeople(f *faults) {
	byRole := map[string]person{} // IAM does not tell the letter case of names apart
	people := k.people()
	for _, p := range people {
		what := p.group.name
		f.match(what, p.user, `(arn:aws[a-z-]*:iam::[0-9]{12}:user/|/)?([A-Za-z0-9_+=.@-]+/)*[A-Za-z0-9_+=.@-]{1,64}`,
			"a user of IAM: a name of at most 64 letters, digits and _+=.@-, with its path if there is one, or an ARN")
		role := strings.ToLower(p.role)
		if other, taken := byRole[role]; taken && p.name != "" {
			f.add("%s %s: the role %s is that of %s, too", what, p.user, p.role, other.user)
		}
		byRole[role] = p
	}
	for _, key := range slices.Sorted(maps.Keys(k.Tags)) {
		for _, own := range personTags() {
			if len(people) > 0 && own != key && strings.EqualFold(own, key) {
				f.add("tag %s: the roles of people have a tag %s, which IAM does not tell apart from it", key, own)
			}
		}
	}
}
