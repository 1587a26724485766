package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"stet/cmd/internal/export"
	"stet/cmd/internal/wire"
	"stet/store"
)

// storageDestination uploads an export to BUCKET/KEY.
func (a *app) storageDestination(ctx context.Context, place string, replace bool) (*destination, error) {
	bucket, key, _ := strings.Cut(place, "/")
	key = strings.Trim(key, "/")
	if bucket == "" || key == "" {
		return nil, fmt.Errorf("%w: s3://%s names no object; it is written s3://BUCKET/KEY", store.ErrUsage, place)
	}
	c, err := a.load()
	if err != nil {
		return nil, err
	}
	put, done, err := wire.Uploads(ctx, c, a.options(nil), bucket, replace)
	if err != nil {
		return nil, err
	}
	out, finish := export.Upload(ctx, key, put)
	return &destination{out, func() export.Mark { return export.Mark{} }, func(err error) error {
		// The file whose export failed is not stored.
		if ferr := finish(err); err == nil {
			err = ferr
		}
		return errors.Join(err, done())
	}}, nil
}
