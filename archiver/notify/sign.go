package notify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"stet/store"
)

// SignatureHeader is the header that carries the signature of a webhook, and
// DeliveryHeader the one with the id of the delivery.
const (
	SignatureHeader = "X-Stet-Signature"
	DeliveryHeader  = "X-Stet-Delivery"
)

// DefaultTolerance is how far the clocks of sender and receiver may be apart.
const DefaultTolerance = 5 * time.Minute

// sign returns the value of [SignatureHeader] for a body.
func sign(secret string, at time.Time, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	return "t=" + t + ",v1=" + hex.EncodeToString(signature(secret, t, body))
}

func signature(secret, t string, body []byte) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(t + "."))
	mac.Write(body)
	return mac.Sum(nil)
}

// Verify checks a webhook as its receiver: header is the value of
// [SignatureHeader], body the bytes as they came. A signature that was made
// more than tolerance before or after now is refused, so that an old delivery
// cannot be played again; 0 is [DefaultTolerance]. It errors with
// [store.ErrVerification].
func Verify(secret, header string, body []byte, now time.Time, tolerance time.Duration) error {
	if tolerance == 0 {
		tolerance = DefaultTolerance
	}
	var t string
	var given [][]byte
	for field := range strings.SplitSeq(header, ",") {
		switch name, value, _ := strings.Cut(strings.TrimSpace(field), "="); name {
		case "t":
			t = value
		case "v1":
			if mac, err := hex.DecodeString(value); err == nil {
				given = append(given, mac)
			}
		}
	}
	unix, err := strconv.ParseInt(t, 10, 64)
	if err != nil || len(given) == 0 {
		return fmt.Errorf("%w: the header %s is not of the form t=seconds,v1=hex", store.ErrVerification, SignatureHeader)
	}
	want := signature(secret, t, body)
	for _, mac := range given {
		if !hmac.Equal(mac, want) {
			continue
		}
		if age := now.Sub(time.Unix(unix, 0)).Abs(); age > tolerance {
			return fmt.Errorf("%w: the signature is %v old or ahead", store.ErrVerification, age.Round(time.Second))
		}
		return nil
	}
	return fmt.Errorf("%w: the signature does not belong to this body and secret", store.ErrVerification)
}
