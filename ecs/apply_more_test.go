package ecs_test

import (
	"testing"
	"testing/synctest"

	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/ecs/ecstest"
)

func TestDump(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, ecs.Options{})
		l.mustRoll(diamond("v1"))
		l.cloud.Inject("b", ecstest.NoCapacity)
		p, _ := l.Plan(t.Context(), diamond("v2"))
		t.Log(p)
		r, err := l.roll(diamond("v2"))
		dump(l)
		t.Log(r)
		t.Log(err)
	})
}
