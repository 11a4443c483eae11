package session

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
)

// keySize is the size in bytes of every derived key: AES-256 and HMAC-SHA-256.
const keySize = 32

// DeriveKey returns a 32-byte key for one purpose, derived from the server's
// secret by HKDF-SHA-256. Keys of different purposes tell nothing about each
// other or about the secret. Every process with the secret derives the same key.
func DeriveKey(secret []byte, purpose string) []byte {
	key, err := hkdf.Key(sha256.New, secret, nil, "securechat/v1/"+purpose, keySize)
	if err != nil {
		// Only a length beyond 255 hashes can fail, and ours is a constant.
		panic(fmt.Sprintf("session: derive key: %v", err))
	}
	return key
}
