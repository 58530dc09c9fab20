package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path"

	"github.com/mettel-automation/delivery/examples/internal/yamlfile"
	"github.com/mettel-automation/delivery/papertrail"
)

// environmentFile is the file of -file; the documentation of this main shows it.
type environmentFile struct {
	Environment   string       `yaml:"environment"`
	Name          string       `yaml:"name"`
	Branch        string       `yaml:"branch"`
	Wildcard      string       `yaml:"wildcard"`
	Services      []service    `yaml:"services"`
	Notifications []searchFile `yaml:"notifications"`
	Alarms        []searchFile `yaml:"alarms"`
}

type service struct {
	Name  string   `yaml:"name"`
	Title string   `yaml:"title"`
	Image string   `yaml:"image"`
	And   []string `yaml:"and"`
}

type searchFile struct {
	Name  string `yaml:"name"`
	Query string `yaml:"query"`
}

// load reads an environment, with the images of another file where one is given.
func load(name, images string) (papertrail.Environment, error) {
	file, err := os.Open(name)
	if err != nil {
		return papertrail.Environment{}, fmt.Errorf("read environment: %w", err)
	}
	defer file.Close()
	var read environmentFile
	if err := yamlfile.Decode(file, &read); err != nil {
		return papertrail.Environment{}, fmt.Errorf("read environment %s:%w", name, err)
	}
	if read.Environment == "" || read.Branch == "" {
		return papertrail.Environment{}, fmt.Errorf("read environment %s: it has to have an environment and a branch", name)
	}
	tags, err := deployed(images)
	if err != nil {
		return papertrail.Environment{}, err
	}
	e := papertrail.Environment{
		ID: read.Environment, Name: read.Name, Branch: read.Branch, Wildcard: read.Wildcard,
		Notifications: searches(read.Notifications), Alarms: searches(read.Alarms),
	}
	for _, s := range read.Services {
		if s.Image == "" {
			s.Image = tags[s.Name]
		}
		e.Services = append(e.Services, papertrail.Service(s))
	}
	return e, nil
}

func searches(list []searchFile) (searches []papertrail.Search) {
	for _, s := range list {
		searches = append(searches, papertrail.Search(s))
	}
	return searches
}

// deployed reads the tags of images by the last part of their repository.
func deployed(name string) (map[string]string, error) {
	if name == "" {
		return nil, nil
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read images: %w", err)
	}
	var list []struct {
		Repository string `json:"repository"`
		Tag        string `json:"image_tag"`
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("read images %s: %w", name, err)
	}
	tags := make(map[string]string)
	for _, image := range list {
		service := path.Base(image.Repository)
		if other, ok := tags[service]; ok && other != image.Tag {
			return nil, fmt.Errorf("read images %s: service %s has two images, %s and %s", name, service, other, image.Tag)
		}
		tags[service] = image.Tag
	}
	return tags, nil
}
