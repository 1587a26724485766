package s3

import (
	"sync"
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"
)

// renewEvery is for how long credentials are used until they are asked for
// again: one request in that time costs the reading of two small files.
const renewEvery = 10 * time.Second

// renewed are credentials that may be changed while the store is open.
type renewed struct {
	renew func() (access, secret string, err error)
	now   func() time.Time

	mu   sync.Mutex
	last credentials.Value
	at   time.Time
}

// Retrieve implements [credentials.Provider].
func (r *renewed) Retrieve() (credentials.Value, error) { return r.RetrieveWithCredContext(nil) }

// RetrieveWithCredContext implements [credentials.Provider]. What cannot be read
// is being written: the old ones are as good.
func (r *renewed) RetrieveWithCredContext(*credentials.CredContext) (credentials.Value, error) {
	access, secret, err := r.renew()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at = r.now()
	if err == nil {
		r.last = credentials.Value{AccessKeyID: access, SecretAccessKey: secret, SignerType: credentials.SignatureV4}
	}
	return r.last, nil
}

// IsExpired implements [credentials.Provider].
func (r *renewed) IsExpired() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	age := r.now().Sub(r.at)
	return age < 0 || age >= renewEvery
}
