package search

import (
	"strings"
	"testing"
	"time"

	"stet/extract/post"
	"stet/store"
)

// TestQuestions asks what people in newsrooms ask, of posts in many scripts, and
// wants the post that was meant to come first.
func TestQuestions(t *testing.T) {
	a := newArchive(t, Options{})
	for _, p := range []struct{ id, name, handle, text string }{
		{"de1", "Jürgen Groß", "jgross_rathaus", "Die Müllabfuhr fällt wegen Schneefalls aus. Wir bitten um Verständnis! #WinterInHafenstadt https://www.stadtwerke.example/winter?utm_source=x"},
		{"de2", "Stadtwerke", "stadtwerke", "Die Müllabfuhr kommt pünktlich, trotz Schnee."},
		{"de3", "Anna Weiß", "annaweiss", "Fußgängerzone bleibt gesperrt: Straßenbahn 7 fährt über die Königsbrücke"},
		{"fr1", "Zoé Lefèvre", "zoe_lefevre", "L’hôpital Saint-Éloi n’a plus de lits : « c’est intenable », dit-on aujourd’hui."},
		{"fr2", "Hôpital", "hopital", "L’hôpital ouvre un nouveau service pour l’été"},
		{"en1", "Mara Quill", "maraquill", "I never said the ferry was safe. I said it was “safe enough” — there’s a difference."},
		{"en2", "Harbour Office", "harbouroffice", "The ferry is safe and runs as usual, there is no difference to last week"},
		{"en3", "Sen. Oduya", "SenOduya", "We will spend $1,250,000 on schools by 2027 — 3.5% more than last year. Read: https://budget.example/2027/schools.pdf"},
		{"en4", "Sen. Oduya", "SenOduya", "We will spend 1.250 on a party, 35% less than last year"},
		{"en5", "Tobi", "tobi.bsky.example", "BREAKING: explosion heard near Dockside Mills 😱🔥 stay away!!! #DocksideFire #StaySafe"},
		{"en6", "Rae", "rae", "so the dock side is on fire again, stay safe everyone"},
		{"en7", "Ministry", "ministry", "The minister's resignation was accepted this morning; she doesn't comment."},
		{"en8", "Ministry", "ministry", "The ministers will resign in the morning, comments follow"},
		{"en9", "Kit", "kit", "re-election of the vice-chancellor: e-mail us at press@kanzlei.example"},
		{"es1", "Íñigo Peña", "inigopena", "¡Mañana habrá huelga en el metro! ¿Quién avisará a los vecinos de Logroño?"},
		{"pl1", "Łukasz Żak", "lukaszzak", "Zażółć gęślą jaźń – mówi wójt gminy Świętajno"},
		{"tr1", "İpek Işık", "ipekisik", "Köprü açık değil; ışıklar SÖNDÜ, İzmir yolu kapalı"},
		{"vi1", "Đặng Thị Hồng", "danghong", "Cầu Rồng đóng cửa vì lũ lụt ở Đà Nẵng"},
		{"ru1", "Пётр Ёлкин", "petrelkin", "Ёлка на площади упала, её поднимут завтра. Всё под контролем!"},
		{"ru2", "Мэрия", "meria", "Елка куплена, площадь открыта"},
		{"uk1", "Їжак", "yizhak", "Під'їзд зачинено, об'єкт не працює у Києві"},
		{"ar1", "أحمد الإدريسي", "ahmad_idrissi", "أُغلِقَ الجسرُ الكبيرُ إلى المدينةِ القديمة، وقالت البلديّة إنّ السبب هو الفيضان"},
		{"ar2", "بلدية", "baladia", "فتحت البلدية الحديقة الجديدة ١٢٥ شجرة"},
		{"fa1", "کیان", "kian", "پل قدیمی شهر بسته شد؛ می\u200cگویند سیل آمده"},
		{"he1", "נועה", "noa", "הגֶּשֶׁר נִסְגַּר בגלל השיטפון, אמרה העירייה אתמול"},
		{"el1", "Δήμος", "dimos", "Η γέφυρα ΈΚΛΕΙΣΕ λόγω πλημμύρας, λένε οι κάτοικοι της Άνω Πόλης"},
		{"hi1", "आरव", "aarav", "पुरानी पुल बाढ़ के कारण बंद है, नगरपालिका ने कहा"},
		{"ja1", "港湾局", "kowan", "本日、港大橋は高潮のため通行止めです。ご迷惑をおかけします🙇"},
		{"ja2", "ニュース", "news_ja", "ｶﾀｶﾅで速報：フェリーターミナル閉鎖、乗客３０人避難"},
		{"zh1", "市政", "shizheng", "老城大桥因洪水关闭，市长表示明天重新开放"},
		{"ko1", "시청", "sicheong", "항구대교는 홍수 때문에 폐쇄되었습니다. 시장님이 사과했습니다"},
		{"th1", "เทศบาล", "tessaban", "สะพานท่าเรือปิดเพราะน้ำท่วม นายกเทศมนตรีขอโทษ"},
		{"em1", "Lio", "lio", "👩🏽‍🚒👏🏿 thank you 🇺🇦❤️"},
		{"em2", "Lio", "lio", "thank you firefighters"},
		{"ht1", "March", "march", "Join us #МаршЗаМир #BlackLivesMatterToo #地震情報 at noon"},
		{"fw1", "Ｗｉｄｅ", "wide", "Ｆｕｌｌｗｉｄｔｈ ｔｅｘｔ ａｂｏｕｔ 𝓯𝓪𝓷𝓬𝔂 𝐛𝐨𝐥𝐝 claims"},
		{"li1", "Old print", "oldprint", "The of\ufb01ce \ufb02oods every year"},
		{"sh1", "Soft", "soft", "The de\u00adpart\u00adment of trans\u200bport de\u00adnied it"},
		{"th2", "Fed", "fed@social.example", "I moved: follow @fed@newhome.example, not @oldfed"},
	} {
		a.capture(p.id, p.text, func(d *store.Derivation) {
			d.Post.Author = post.Author{Name: p.name, Handle: p.handle}
			d.Post.Posted = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
		})
	}
	for _, tt := range []struct{ want, questions string }{
		{"de1", "Muellabfuhr Schneefall | müllabfuhr fällt aus | mullabfuhr schneefalls | „wegen Schneefalls“ | #winterinhafenstadt | winter in hafenstadt | Müllabfur fällt aus wegen Schneefals | @jgross_rathaus | jürgen gross | Juergen Gross"},
		{"de3", "strassenbahn 7 | Strasenbahn königsbrücke | fussgaengerzone | Fußgängerzohne | STRASSENBAHN KÖNIGSBRÜCKE | Koenigsbruecke"},
		{"fr1", "hopital saint-eloi | hôpital Saint Éloi | «c'est intenable» | \"c’est intenable\" | c'est intenable dit on aujourd'hui | intenble | zoe lefevre | saint-éloy lits"},
		{"fr2", "nouveau service été | nouvau service pour l'ete"},
		{"en1", "\"never said the ferry was safe\" | “safe enough” | 'safe enough' ferry | theres a difference ferry said | I never said the fery was safe | there's a difference never"},
		{"en3", "$1,250,000 | 1250000 schools | 1'250'000 schools | 3.5% more | budget.example schools | https://budget.example/2027/schools.pdf | spend on schools by 2027 | @SenOduya schools"},
		{"en5", "#docksidefire | dockside mills explosion | docksde mils explosion | explosion dockside | 😱🔥 | staysafe explosion | @tobi.bsky.example | #DocksideFire #StaySafe"},
		{"en6", "dock side on fire again"},
		{"en7", "minister's resignation | minister’s resignation accepted | ministers resignation accepted | resignaton of the minister accepted | doesnt comment | she doesn’t comment"},
		{"en9", "reelection vice chancellor | re-election | vicechancellor | press@kanzlei.example | email press kanzlei"},
		{"es1", "manana huelga metro | ¿Quién avisará? | logrono | iñigo pena | huelgua en el metro"},
		{"pl1", "zazolc gesla jazn | swietajno | lukasz zak | wójt Świętajno"},
		{"tr1", "kopru acik degil | ISIKLAR SONDU | izmir yolu | İZMİR | ışıklar söndü"},
		{"vi1", "cau rong da nang | lũ lụt đà nẵng | dang thi hong"},
		{"ru1", "елка на площади упала | ЁЛКА УПАЛА | всё под контролем | все под контролем | ёлка на площяди упала | петр елкин"},
		{"uk1", "під’їзд зачинено | підїзд | об'єкт києві"},
		{"ar1", "اغلق الجسر الكبير | الجسر المدينه القديمه | \"الجسر الكبير\" | أغلق الجسر | احمد الادريسي | البلدية السبب الفيضان | جسر فيضان"},
		{"ar2", "125 شجرة | الحديقه الجديده"},
		{"fa1", "پل قديمي | میگویند سیل | می گویند سیل"},
		{"he1", "הגשר נסגר | \"הגשר נסגר\" | גשר שיטפון | העיריה אמרה אתמול"},
		{"el1", "γεφυρα εκλεισε | ΓΕΦΥΡΑ ΠΛΗΜΜΥΡΑΣ | πλημύρας γέφυρα"},
		{"hi1", "पुल बाढ़ बंद | नगरपालिका"},
		{"ja1", "港大橋 通行止め | 高潮 | 通行止 | 本日港大橋 | 🙇"},
		{"ja2", "カタカナ | フェリー | ターミナル閉鎖 | 30人 | ３０人避難 | ふぇりー"},
		{"zh1", "大桥关闭 | 老城 洪水 | 市长 | \"明天重新开放\""},
		{"ko1", "항구대교 | 항구대교가 홍수 | 시장 사과 | 홍수로 폐쇄 | 시장은 사과"},
		{"th1", "น้ำท่วม | สะพานท่าเรือ | นายกเทศมนตรี"},
		{"em1", "👏 | 👩‍🚒 | 🇺🇦 | ❤ | ❤️ thank you | thank you 🚒"},
		{"ht1", "#маршзамир | #BlackLivesMatterToo | black lives matter too | blacklivesmattertoo | марш за мир | 地震 | #地震情報"},
		{"fw1", "fullwidth text | fancy bold | Fullwidth fancy"},
		{"li1", "office floods"},
		{"sh1", "department of transport | department denied"},
		{"th2", "@fed@newhome.example | newhome.example | @oldfed | @fed@social.example"},
	} {
		for question := range strings.SplitSeq(tt.questions, " | ") {
			r, err := a.index.Search(t.Context(), store.SearchQuery{Words: question})
			a.must(err)
			var got []string
			for _, h := range r.Hits {
				got = append(got, strings.TrimPrefix(h.Ref, "twitter:"))
			}
			if len(got) == 0 || got[0] != tt.want {
				t.Errorf("%s: found %v, want %s first (%v)", question, got, tt.want, r.Respelled)
			}
		}
	}
}
