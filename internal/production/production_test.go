package production_test

import (
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/internal/production"
)

func TestFind(t *testing.T) {
	live := []string{"live", "blue-green", "eu1"}
	tests := map[string]struct {
		words []string
		has   map[string]string // the word that is found, by text
	}{
		"the usual words": {has: map[string]string{
			"production": "production", "automation-PROD": "prod", "automation_master": "master", "refs/heads/main": "main", "a.prod.b": "prod",
			"automationProduction": "production", "automationPROD": "prod", "EKSProd": "prod", "prodEU": "prod", "PRODCluster": "prod", "aProd2": "prod",
			"automation-production2": "production", "prod1-x": "prod", "prod1x": "prod", "2prod": "prod", "v2prod": "prod", "über-prod": "prod", "überProd": "prod",
			"PrOdUcTiOn": "production", "non-production": "production",
			"productivity": "", "products": "", "reproduction": "", "prodigy": "", "mainframe": "", "domain": "", "remainder": "", "masterpiece": "",
			"webmaster": "", "automation-8527fec8": "", "preprod": "", "pro-duct-ion": "", "": "", "-": "", "ma1n": "",
		}},
		"none are the usual ones": {words: []string{}, has: map[string]string{"a-prod": "prod", "live": ""}},
		"nor are blank ones":      {words: []string{"", " - "}, has: map[string]string{"a-prod": "prod", "a-b": ""}},
		"words of one's own": {words: live, has: map[string]string{
			"live": "live", "shopLive": "live", "blue-green": "blue-green", "a-Blue_Green-2": "blue-green", "aBlueGreen": "blue-green", "eu1-a": "eu1", "euOne": "",
			"a-prod": "", "blue": "", "green-blue": "", "alive": "", "eu": "", "eu12": "",
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for text, want := range tt.has {
				if got := production.Find(text, tt.words); got != want {
					t.Errorf("%q has %q, want %q", text, got, want)
				}
			}
		})
	}
}

func FuzzFind(f *testing.F) {
	for _, text := range []string{"automationProduction", "prod1-x", "a--b", "ÄÖ-prod", "productivity", "\xff-main"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if word := production.Find(text, nil); word != "" && !strings.Contains(strings.ToLower(text), word) {
			t.Errorf("%q has %q", text, word)
		}
		if production.Find(text+"-prod", nil) == "" || production.Find("prod-"+text, nil) == "" || production.Find(text+"/Main2", nil) == "" {
			t.Errorf("%q hides a word beside it", text)
		}
	})
}
