// Reads files as kubectl does and prints a line of JSON for each: its objects, or that kubectl refuses it.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"k8s.io/cli-runtime/pkg/resource"
)

type reading struct {
	Values  []any `json:"values,omitempty"`
	Refused bool  `json:"refused,omitempty"`
}

func read(file string) reading {
	options := resource.FilenameOptions{Filenames: []string{file}}
	infos, err := resource.NewLocalBuilder().Unstructured().FilenameParam(false, &options).Do().Infos()
	if err != nil {
		return reading{Refused: true}
	}
	values := []any{}
	for _, info := range infos {
		values = append(values, info.Object)
	}
	return reading{Values: values}
}

func main() {
	for _, file := range os.Args[1:] {
		line, err := json.Marshal(read(file))
		if err != nil {
			line = []byte(`{"refused":true}`)
		}
		fmt.Println(string(line))
	}
}
