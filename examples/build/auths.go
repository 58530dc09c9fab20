package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/registry"
)

// dockerConfig is what the config.json of docker login says about credentials.
type dockerConfig struct {
	Auths       map[string]loginEntry `json:"auths"`
	CredsStore  string                `json:"credsStore"`
	CredHelpers map[string]string     `json:"credHelpers"`
}

type loginEntry struct {
	Auth          string `json:"auth"` // base64 of user:password
	Username      string `json:"username"`
	Password      string `json:"password"`
	IdentityToken string `json:"identitytoken"`
	RegistryToken string `json:"registrytoken"`
}

// readAuths returns the credentials of a config.json, by host. Its errors never
// hold any of them.
func readAuths(path string) (map[string]registry.AuthConfig, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read credentials: %w", err)
	}
	auths, err := decodeAuths(text)
	if err != nil {
		return nil, fmt.Errorf("read credentials %s: %w", path, err)
	}
	return auths, nil
}

func decodeAuths(text []byte) (map[string]registry.AuthConfig, error) {
	var config dockerConfig
	if err := json.Unmarshal(text, &config); err != nil {
		return nil, errors.New("it is not JSON as docker login writes it") // what err says may hold a part of it
	}
	if config.CredsStore != "" || len(config.CredHelpers) > 0 {
		return nil, errors.New("its credsStore or credHelpers name programs that hold credentials, which are not run: " +
			"give a file that has them under auths")
	}
	if len(config.Auths) == 0 {
		return nil, errors.New("it has no auths")
	}
	auths := make(map[string]registry.AuthConfig, len(config.Auths))
	for _, address := range slices.Sorted(maps.Keys(config.Auths)) {
		auth, err := config.Auths[address].config()
		if err != nil {
			return nil, fmt.Errorf("auths of %s: %w", address, err)
		}
		host := hostOf(address)
		if _, twice := auths[host]; twice {
			return nil, fmt.Errorf("auths of %s: there are others of %s", address, host)
		}
		auths[host] = auth
	}
	return auths, nil
}

func (e loginEntry) config() (registry.AuthConfig, error) {
	auth := registry.AuthConfig{Username: e.Username, Password: e.Password, IdentityToken: e.IdentityToken, RegistryToken: e.RegistryToken}
	if e.Auth != "" {
		plain, err := base64.StdEncoding.DecodeString(e.Auth)
		user, password, found := strings.Cut(strings.TrimRight(string(plain), "\x00"), ":")
		if err != nil || !found || user == "" {
			return auth, errors.New("its auth is not base64 of user:password")
		}
		auth.Username, auth.Password = user, password
	}
	if auth.Password == "" && auth.IdentityToken == "" && auth.RegistryToken == "" {
		return auth, errors.New("it has no password and no token")
	}
	return auth, nil
}

// hostOf returns the host of an address as docker login keeps it, and docker.io
// for all names of Docker Hub.
func hostOf(address string) string {
	_, rest, found := strings.Cut(address, "://")
	if !found {
		rest = address
	}
	host, _, _ := strings.Cut(rest, "/")
	switch host {
	case "index.docker.io", "registry-1.docker.io", "docker.io":
		return "docker.io"
	}
	return host
}
