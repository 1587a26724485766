//go:build !linux

package bolt_test

import "context"

func children() map[string]func(ctx context.Context, dir string) error {
	return map[string]func(context.Context, string) error{"append": appendForEver}
}
