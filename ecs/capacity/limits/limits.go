// Package limits completes a capacity.Supply with what only the EC2 and Service
// Quotas APIs know: how many network interfaces an instance has for tasks, how
// many addresses a subnet has left, and the vCPU quotas of Fargate.
//
// It is apart from package capacity, since the EC2 client is by far the largest
// of the SDK, and not every rollout wants it:
//
//	reader := limits.New(limits.Options{EC2: ec2.NewFromConfig(cfg), Quotas: servicequotas.NewFromConfig(cfg)})
//	err := reader.Complete(ctx, &supply, demands)
//
// It reads only what the demands call for. It does not read what is used of
// those limits: for that, a capacity.Reader needs its Options.Tasks, and
// Options.FargateUsage for the quotas.
package limits

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"

	"github.com/mettel-automation/delivery/ecs/capacity"
)

// EC2 is what a Reader needs of an [*ec2.Client].
type EC2 interface {
	DescribeInstanceTypes(context.Context, *ec2.DescribeInstanceTypesInput, ...func(*ec2.Options)) (*ec2.DescribeInstanceTypesOutput, error)
	DescribeSubnets(context.Context, *ec2.DescribeSubnetsInput, ...func(*ec2.Options)) (*ec2.DescribeSubnetsOutput, error)
}

// Quotas is what a Reader needs of a [*servicequotas.Client].
type Quotas interface {
	GetServiceQuota(context.Context, *servicequotas.GetServiceQuotaInput, ...func(*servicequotas.Options)) (*servicequotas.GetServiceQuotaOutput, error)
	GetAWSDefaultServiceQuota(context.Context, *servicequotas.GetAWSDefaultServiceQuotaInput, ...func(*servicequotas.Options)) (*servicequotas.GetAWSDefaultServiceQuotaOutput, error)
}

// Options say what a Reader may ask. What is nil is not asked, and remains
// unknown to the supply.
type Options struct {
	EC2    EC2    // tells the network interfaces of instance types, and the free addresses of subnets
	Quotas Quotas // tells the quotas of the account
	// TrunkTasks is how many tasks in awsvpc mode an instance with a trunk network
	// interface runs, by instance type: {"c5.large": 10}. No API tells it, and for
	// types that are not here it remains unknown. Source: ECS developer guide,
	// "Supported instances for increased Amazon ECS container network interfaces".
	TrunkTasks map[string]int
}

// Reader reads limits.
type Reader struct{ opts Options }

// New returns a Reader.
func New(opts Options) *Reader { return &Reader{opts: opts} }

// The quotas of Fargate. Source: AWS general reference, "AWS Fargate endpoints and quotas".
const (
	fargateService = "fargate"
	onDemandQuota  = "L-3032A538" // Fargate On-Demand vCPU resource count
	spotQuota      = "L-36FBB829" // Fargate Spot vCPU resource count
)

// batch is the most instance types, and subnets, that are asked for at once.
// Source: EC2 API reference, DescribeInstanceTypes.
const batch = 100

// Complete fills in what supply does not know of its limits and demands call for.
//
// What may not be read for lack of a permission is a warning of supply; other
// failures are joined into one error, and do not keep the rest from being read.
func (r *Reader) Complete(ctx context.Context, supply *capacity.Supply, demands []capacity.Demand) error {
	demands = slices.DeleteFunc(slices.Clone(demands), func(d capacity.Demand) bool { return d.Unchanged || d.Desired == 0 })
	var errs []error
	for _, step := range []struct {
		what string
		read func() error
	}{
		{"the network interfaces of instance types", func() error { return r.interfaces(ctx, supply, demands) }},
		{"the free addresses of subnets", func() error { return r.subnets(ctx, supply, demands) }},
		{"the vCPU quota of Fargate", func() error { return r.quota(ctx, &supply.OnDemand, onDemandQuota, uses(demands, supply, "FARGATE")) }},
		{"the vCPU quota of Fargate Spot", func() error { return r.quota(ctx, &supply.Spot, spotQuota, uses(demands, supply, "FARGATE_SPOT")) }},
	} {
		switch err := step.read(); {
		case denied(err):
			supply.Warnings = append(supply.Warnings, fmt.Sprintf("may not read %s: %v", step.what, err))
		case err != nil:
			errs = append(errs, fmt.Errorf("read %s: %w", step.what, err))
		}
	}
	return errors.Join(errs...)
}

// denied reports whether err is a missing permission; EC2 has a name of its own for it.
func denied(err error) bool {
	code := errorCode(err)
	return strings.HasPrefix(code, "AccessDenied") || code == "UnauthorizedOperation"
}

func errorCode(err error) string {
	var coded interface{ ErrorCode() string }
	if errors.As(err, &coded) {
		return coded.ErrorCode()
	}
	return ""
}

// uses reports whether some task may run on a capacity provider of Fargate.
func uses(demands []capacity.Demand, supply *capacity.Supply, provider string) bool {
	return slices.ContainsFunc(demands, func(d capacity.Demand) bool {
		providers := d.Providers
		if d.LaunchType == "" && len(providers) == 0 {
			providers = supply.DefaultProviders
		}
		return d.LaunchType == provider || d.LaunchType == "" && slices.Contains(providers, provider)
	})
}

// interfaces sets how many network interfaces the tasks of each instance may
// have: those of its type but for its own, or those on its trunk.
// Source: ECS developer guide, "Increasing Amazon ECS Linux container instance
// network interfaces".
func (r *Reader) interfaces(ctx context.Context, supply *capacity.Supply, demands []capacity.Demand) error {
	if !slices.ContainsFunc(demands, func(d capacity.Demand) bool { return d.Task.ENI && d.LaunchType != "FARGATE" }) {
		return nil
	}
	types := make(map[string]bool) // to ask for
	for i := range supply.Instances {
		in := &supply.Instances[i]
		switch n, known := r.opts.TrunkTasks[in.Type]; {
		case in.ENISlots != nil:
		case in.Trunked() && known:
			in.ENISlots = &n
		case !in.Trunked() && in.Type != "":
			types[in.Type] = true
		}
	}
	most, err := r.interfacesOf(ctx, slices.Sorted(maps.Keys(types)))
	for i := range supply.Instances {
		in := &supply.Instances[i]
		if n, known := most[in.Type]; known && in.ENISlots == nil && !in.Trunked() {
			slots := n - 1 // the primary one is the instance's own
			in.ENISlots = &slots
		}
	}
	return err
}

// interfacesOf reads how many network interfaces instances of some types have.
func (r *Reader) interfacesOf(ctx context.Context, types []string) (map[string]int, error) {
	if r.opts.EC2 == nil {
		return nil, nil
	}
	most := make(map[string]int)
	for names := range slices.Chunk(types, batch) {
		input := &ec2.DescribeInstanceTypesInput{}
		for _, name := range names {
			input.InstanceTypes = append(input.InstanceTypes, ec2types.InstanceType(name))
		}
		out, err := r.opts.EC2.DescribeInstanceTypes(ctx, input)
		if err != nil {
			return most, err
		}
		for _, t := range out.InstanceTypes {
			if t.NetworkInfo != nil && t.NetworkInfo.MaximumNetworkInterfaces != nil {
				most[string(t.InstanceType)] = int(*t.NetworkInfo.MaximumNetworkInterfaces)
			}
		}
	}
	return most, nil
}

// subnets reads the free addresses of the subnets of tasks in awsvpc mode.
func (r *Reader) subnets(ctx context.Context, supply *capacity.Supply, demands []capacity.Demand) error {
	ids := make(map[string]bool)
	for _, d := range demands {
		for _, id := range d.Subnets {
			if _, known := supply.Subnets[id]; d.Task.ENI && !known {
				ids[id] = true
			}
		}
	}
	if r.opts.EC2 == nil {
		return nil
	}
	for names := range slices.Chunk(slices.Sorted(maps.Keys(ids)), batch) {
		out, err := r.opts.EC2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: names})
		if err != nil {
			return err
		}
		if supply.Subnets == nil {
			supply.Subnets = make(map[string]int)
		}
		for _, s := range out.Subnets {
			if s.SubnetId != nil && s.AvailableIpAddressCount != nil {
				supply.Subnets[*s.SubnetId] = int(*s.AvailableIpAddressCount)
			}
		}
	}
	return nil
}

// quota reads a quota that counts vCPUs into q: the one that applies to the
// account, or the default where none was ever set.
func (r *Reader) quota(ctx context.Context, q *capacity.Quota, code string, wanted bool) error {
	if r.opts.Quotas == nil || !wanted || q.Limit != nil {
		return nil
	}
	service := fargateService
	var vcpus *float64
	out, err := r.opts.Quotas.GetServiceQuota(ctx, &servicequotas.GetServiceQuotaInput{ServiceCode: &service, QuotaCode: &code})
	switch {
	case errorCode(err) == "NoSuchResourceException":
		byDefault, err := r.opts.Quotas.GetAWSDefaultServiceQuota(ctx, &servicequotas.GetAWSDefaultServiceQuotaInput{ServiceCode: &service, QuotaCode: &code})
		if err != nil {
			return err
		}
		if byDefault.Quota != nil {
			vcpus = byDefault.Quota.Value
		}
	case err != nil:
		return err
	case out.Quota != nil:
		vcpus = out.Quota.Value
	}
	if vcpus != nil {
		units := int(math.Round(*vcpus * 1024))
		q.Limit = &units
	}
	return nil
}
