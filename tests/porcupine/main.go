// Judges linearizability of histories name by name with porcupine, as a second opinion on crates/checkers/src/linearizable.
//
// Each argument is a file of lines of JSON. For each name of each file it prints the file, the name, and yes, no or undecided,
// separated by tabs, in the order of files and names.
package main

import (
	"fmt"
	"os"
	"sort"
	"time"

	"github.com/anishathalye/porcupine"
)

// How long one name may take.
const limit = 60 * time.Second

func main() {
	for _, file := range os.Args[1:] {
		if err := judge(file); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", file, err)
			os.Exit(1)
		}
	}
}

func judge(file string) error {
	from, err := os.Open(file)
	if err != nil {
		return err
	}
	defer from.Close()
	names, err := read(from)
	if err != nil {
		return err
	}
	var sorted []string
	for name := range names {
		sorted = append(sorted, name)
	}
	sort.Strings(sorted)
	verdicts := map[porcupine.CheckResult]string{porcupine.Ok: "yes", porcupine.Illegal: "no", porcupine.Unknown: "undecided"}
	for _, name := range sorted {
		one := names[name]
		var operations []porcupine.Operation
		for client, step := range one.steps {
			operations = append(operations, porcupine.Operation{
				ClientId: client, Input: step.step, Call: int64(step.begin), Return: int64(step.end),
			})
		}
		verdict := porcupine.CheckOperationsTimeout(model(name, one.initial), operations, limit)
		fmt.Printf("%s\t%s\t%s\n", file, name, verdicts[verdict])
	}
	return nil
}
