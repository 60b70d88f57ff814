// Command ask gets a credential like a program with a cloud's SDK for Go, and prints only digests.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"

	"cloud.google.com/go/auth/credentials"
	"cloud.google.com/go/auth/credentials/idtoken"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/aws/aws-sdk-go-v2/config"
)

func main() {
	secrets, err := ask(context.Background(), os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	digests := []string{}
	for _, secret := range secrets {
		digest := sha256.Sum256([]byte(secret))
		digests = append(digests, hex.EncodeToString(digest[:]))
	}
	json.NewEncoder(os.Stdout).Encode(digests)
}

func ask(ctx context.Context, client string, target string) ([]string, error) {
	switch client {
	case "aws":
		settings, err := config.LoadDefaultConfig(ctx, config.WithRegion("us-east-1"))
		if err != nil {
			return nil, err
		}
		found, err := settings.Credentials.Retrieve(ctx)
		return []string{found.AccessKeyID, found.SecretAccessKey, found.SessionToken}, err
	case "google":
		found, err := credentials.DetectDefault(&credentials.DetectOptions{Scopes: []string{target}})
		if err != nil {
			return nil, err
		}
		token, err := found.Token(ctx)
		if err != nil {
			return nil, err
		}
		return []string{token.Value}, nil
	case "google-identity":
		found, err := idtoken.NewCredentials(&idtoken.Options{Audience: target})
		if err != nil {
			return nil, err
		}
		token, err := found.Token(ctx)
		if err != nil {
			return nil, err
		}
		return []string{token.Value}, nil
	case "azure":
		identity, err := azidentity.NewManagedIdentityCredential(nil)
		if err != nil {
			return nil, err
		}
		token, err := identity.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{target}})
		return []string{token.Token}, err
	}
	return nil, fmt.Errorf("unknown client %s", client)
}
