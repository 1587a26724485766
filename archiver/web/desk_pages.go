package web

// pages lists the pages of the desk.
func (s *Server) pages() []route {
	return []route{
		{pattern: "GET /static/{name}", handle: s.staticFile},
		{pattern: "GET /{$}", need: RoleReader, handle: s.home},
		{pattern: "GET /search", need: RoleReader, handle: s.search},
		{pattern: "GET /quote", need: RoleReader, handle: s.quote},
		{pattern: "GET /post/{ref}", need: RoleReader, handle: s.showPost},
		{pattern: "GET /post/{ref}/data.json", need: RoleReader, handle: s.postData},
		{pattern: "GET /post/{ref}/ld.json", need: RoleReader, handle: s.postLD},
		{pattern: "GET /c/{id}", need: RoleReader, handle: s.showCapture},
		{pattern: "GET /exchange/{id}", need: RoleReader, handle: s.showExchange},
		{pattern: "GET /article", need: RoleReader, handle: s.showArticle},
		{pattern: "GET /account/{account}", need: RoleReader, handle: s.showAccount},
		{pattern: "GET /page", need: RoleReader, handle: s.showPage},
		{pattern: "GET /gone", need: RoleReader, handle: s.showGone},
		{pattern: "GET /gone.csv", need: RoleReader, handle: s.goneCSV},
		{pattern: "GET /cases", need: RoleReader, handle: s.showCases},
		{pattern: "POST /cases", need: RoleArchivist, form: true, handle: s.openCase},
		{pattern: "GET /case/{id}", need: RoleReader, handle: s.showCase},
		{pattern: "GET /case/{id}/export", need: RoleReader, handle: s.exportCase},
		{pattern: "POST /case/{id}", need: RoleArchivist, form: true, handle: s.changeCase},
		{pattern: "POST /case", need: RoleArchivist, form: true, handle: s.addToCase},
		{pattern: "GET /feeds", need: RoleReader, handle: s.showFeeds},
		{pattern: "POST /feeds", need: RoleArchivist, form: true, handle: s.changeFeed},
		{pattern: "GET /queue", need: RoleReader, handle: s.showQueue},
		{pattern: "POST /queue", need: RoleArchivist, form: true, handle: s.changeWork},
		{pattern: "POST /capture", need: RoleArchivist, form: true, handle: s.captureNow},
		{pattern: "POST /look", need: RoleArchivist, form: true, handle: s.lookNow},
		{pattern: "POST /approve", need: RoleArchivist, form: true, handle: s.approvePost},
		{pattern: "GET /asked/{id}", need: RoleReader, handle: s.showAsked},
		{pattern: "GET /job/{id}", need: RoleReader, handle: s.showJob},
		{pattern: "GET /health", need: RoleReader, handle: s.showHealth},
		{pattern: "GET /about", need: RoleReader, handle: s.about},
	}
}
