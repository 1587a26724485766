package fakenet_test

import (
	"context"
	"fmt"
	"log"

	"stet/archiver/fakenet"
	"stet/archiver/fetch"
)

// A post is published on X and embedded in an article; a client of package
// fetch sees both; the post is deleted; the platform fails for a while.
func Example() {
	net := fakenet.New(fakenet.Options{})
	defer net.Close()
	x := net.X()
	x.Add(fakenet.Post{ID: "1229700000000000001", Text: "The bridge opens on Monday.",
		Author: fakenet.Person{Name: "Ada Bridge", Handle: "adabridge"}})
	article := net.Site("news.example").Article(fakenet.Article{
		Path: "/bridge.html", Title: "Bridge to open",
		Body: []fakenet.Block{fakenet.P("The mayor said so."), fakenet.Embed("1229700000000000001", fakenet.Blockquote)},
	})

	client, err := fetch.New(net.FetchOptions())
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	get := func(url string) {
		res, err := client.Do(context.Background(), fetch.Request{URL: url})
		fmt.Println(res.Status, res.Type(), len(res.Exchanges), err)
	}
	post := "https://cdn.syndication.twimg.com/tweet-result?id=1229700000000000001&lang=en&token=a"
	get(article)
	get(post)
	x.SetState("1229700000000000001", fakenet.Deleted)
	get(post)
	defer net.Fault("cdn.syndication.twimg.com", "", fakenet.Status(503))()
	get(post)
	fmt.Println(net.Count("cdn.syndication.twimg.com", "/tweet-result"), "requests for the post")
	// Output:
	// 200 text/html 1 <nil>
	// 200 application/json 1 <nil>
	// 200 application/json 1 <nil>
	// 503 text/html 3 <nil>
	// 5 requests for the post
}
