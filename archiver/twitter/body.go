package twitter

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// readBody reads the body of resp and puts it back for the next reader. Bodies
// of fetch's transport are bounded and in memory.
func readBody(resp *http.Response) (_ []byte, err error) {
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("reading the answer of the v1.1 interface: %w", err)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return body, nil
}
