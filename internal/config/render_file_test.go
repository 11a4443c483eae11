package config

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// The variables of render.yaml have to be enough to start in production, without a
// warning and without a variable that nobody reads.
func TestRenderBlueprint(t *testing.T) {
	content, err := os.ReadFile("../../render.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const generated = "a generated value of forty-four characters.="
	dotenv := new(strings.Builder)
	variable := regexp.MustCompile(`(?m)- key: (\w+).*\n\s+(?:value: "?([^"\n]*)"?|generateValue: true)$`)
	for _, match := range variable.FindAllStringSubmatch(string(content), -1) {
		name, value := match[1], match[2]
		if name == "NODE_VERSION" || name == "GOMEMLIMIT" { // for the build, and for Go
			continue
		}
		if value == "" {
			value = generated
		}
		dotenv.WriteString(name + "=" + value + "\n")
	}
	cfg := mustLoad(t, with("RENDER=true", "PORT=10000"), dotenv.String())
	if !cfg.Production || string(cfg.Secret) != generated || cfg.TrustedProxies.Hops != 1 || cfg.Listen != ":10000" {
		t.Errorf("the blueprint gives %+v", cfg)
	}
	if len(cfg.Warnings) != 0 {
		t.Errorf("Warnings = %q, want none", cfg.Warnings)
	}
}
