package fetch_test

import (
	"context"
	"fmt"
	"log"

	"stet/archiver/fakenet"
	"stet/archiver/fetch"
)

// A client fetches a page of the fake internet through a redirect, and has the
// record of both exchanges.
func ExampleClient_Do() {
	net := fakenet.New(fakenet.Options{})
	defer net.Close()
	site := net.Site("news.example")
	site.Redirect("/old", "/new")
	site.Page("/new", "<p>It moved.")

	options := net.FetchOptions() // outside, the zero Options will do
	options.Contact = "https://desk.example/bot"
	client, err := fetch.New(options)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	res, err := client.Do(context.Background(), fetch.Request{URL: "https://news.example/old", Purpose: "article"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Status, res.URL, string(res.Body))
	for _, ex := range res.Exchanges {
		fmt.Println(ex.Status, ex.URL, ex.Protocol, ex.TLS.Version, ex.Body.Size)
	}
	// Output:
	// 200 https://news.example/new <p>It moved.
	// 301 https://news.example/old http/1.1 tls/1.3 0
	// 200 https://news.example/new http/1.1 tls/1.3 12
}
