// Evaluates admission policies as the API server does: reads policies and objects from standard input as JSON, and prints
// for each policy and object true, false or an error.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/ext"
)

type expression struct {
	Name       string `json:"name"`
	Expression string `json:"expression"`
}

type policy struct {
	Variables  []expression     `json:"variables"`
	Expression string           `json:"expression"`
	Objects    []map[string]any `json:"objects"`
}

func main() {
	var policies []policy
	if err := json.NewDecoder(os.Stdin).Decode(&policies); err != nil {
		fail(err)
	}
	// The API server has more libraries. The policies use no functions of them.
	env, err := cel.NewEnv(
		cel.Variable("object", cel.DynType),
		cel.Variable("variables", cel.MapType(cel.StringType, cel.DynType)),
		cel.OptionalTypes(),
		ext.Strings(ext.StringsVersion(2)),
	)
	if err != nil {
		fail(err)
	}
	results := [][]any{}
	for _, each := range policies {
		steps, err := compile(env, each)
		if err != nil {
			fail(err)
		}
		row := []any{}
		for _, object := range each.Objects {
			value, err := decide(steps, object)
			if err != nil {
				row = append(row, err.Error())
			} else {
				row = append(row, value)
			}
		}
		results = append(results, row)
	}
	if err := json.NewEncoder(os.Stdout).Encode(results); err != nil {
		fail(err)
	}
}

type step struct {
	name    string
	program cel.Program
}

// compile returns the variables in their order, and the expression as the last step.
func compile(env *cel.Env, from policy) ([]step, error) {
	steps := []step{}
	for _, each := range append(from.Variables, expression{Expression: from.Expression}) {
		checked, issues := env.Compile(each.Expression)
		if issues.Err() != nil {
			return nil, issues.Err()
		}
		program, err := env.Program(checked)
		if err != nil {
			return nil, err
		}
		steps = append(steps, step{each.Name, program})
	}
	return steps, nil
}

func decide(steps []step, object map[string]any) (any, error) {
	variables := map[string]any{}
	var result any
	for _, each := range steps {
		value, _, err := each.program.Eval(map[string]any{"object": object, "variables": variables})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", each.name, err)
		}
		variables[each.name] = value
		result = value.Value()
	}
	return result, nil
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
