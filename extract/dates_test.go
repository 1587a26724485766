package extract

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestParseDate(t *testing.T) {
	const want = "2020-02-18"
	for lang, forms := range map[string][]string{
		"English": {"February 18, 2020", "Feb 18, 2020", "18 February 2020", "18th of February 2020", "Tuesday, February 18th, 2020",
			"10:30 AM - 18 Feb 2020", "10:30 AM · Feb 18, 2020", "Feb. 18, 2020 at 9:05 p.m.", "18-Feb-2020", "FEBRUARY 18, 2020"},
		"French":     {"18 février 2020", "18 févr. 2020", "mardi 18 février 2020 à 10h30", "18 FÉVRIER 2020"},
		"German":     {"18. Februar 2020", "18.02.2020", "Dienstag, den 18. Feb. 2020", "18.2.2020, 10:30 Uhr"},
		"Spanish":    {"18 de febrero de 2020", "18 de febrero del 2020", "febrero 18, 2020", "18 feb. 2020"},
		"Portuguese": {"18 de fevereiro de 2020", "fevereiro 18, 2020", "18 de fev. de 2020"},
		"Italian":    {"18 febbraio 2020", "18 feb 2020"},
		"Dutch":      {"18 februari 2020", "18 feb. 2020"},
		"Polish":     {"18 lutego 2020", "luty 18, 2020", "18 lut 2020"},
		"Turkish":    {"18 Şubat 2020", "Şubat 18, 2020", "18 ŞUBAT 2020"},
		"Japanese":   {"2020年2月18日", "2020年02月18日(火)", "2月 18, 2020", "２０２０年２月１８日", "午前10:30 · 2020年2月18日"},
		"Chinese":    {"2020年2月18日", "二月 18, 2020", "2020 年 2 月 18 日", "二〇二〇年二月十八日"},
		"Korean":     {"2020년 2월 18일", "2월 18, 2020", "2020. 2. 18."},
		"Arabic":     {"18 فبراير 2020", "١٨ فبراير ٢٠٢٠", "فبراير 18, 2020", "18 فبراير، 2020", "18 شباط 2020", "18 فيفري 2020", "\u200f18 فبراير 2020\u200f"},
		"Persian":    {"۱۸ فوریهٔ ۲۰۲۰", "فوریه 18, 2020", "۲۹ بهمن ۱۳۹۸", "۱۳۹۸/۱۱/۲۹"},
		"Burmese":    {"၁၈ ဖေဖော်ဝါရီ ၂၀၂၀"},
		"Khmer":      {"18 កុម្ភៈ 2020"},
		"Lao":        {"18 ກຸມພາ 2020"},
		"Sinhala":    {"2020 පෙබරවාරි 18"},
		"Amharic":    {"18 ፌብሩወሪ 2020"},
		"Stamps":     {"2020-02-18T16:12:00.000Z"},
		"Urdu":       {"18 فروری، 2020"},
		"Hebrew":     {"18 בפברואר 2020", "פברואר 18, 2020", "18 בפבר׳ 2020"},
		"Russian":    {"18 февраля 2020 г.", "18 февр. 2020", "18 февраля 2020 года", "Февраль 18, 2020"},
		"Ukrainian":  {"18 лютого 2020 р.", "18 лют. 2020"},
		"Bulgarian":  {"18 февруари 2020 г."},
		"Serbian":    {"18. фебруар 2020.", "18. februar 2020.", "18. februara 2020."},
		"Croatian":   {"18. veljače 2020."},
		"Slovene":    {"18. februar 2020"},
		"Czech":      {"18. února 2020", "18. 2. 2020", "únor 18, 2020"},
		"Slovak":     {"18. februára 2020"},
		"Hungarian":  {"2020. február 18.", "2020. febr. 18., 10:30", "február 18, 2020"},
		"Romanian":   {"18 februarie 2020"},
		"Greek":      {"18 Φεβρουαρίου 2020", "18 Φεβ 2020", "ΦΕΒΡΟΥΑΡΙΟΣ 18, 2020"},
		"Swedish":    {"18 februari 2020", "18 feb. 2020", "18 februari 2020 kl. 10.30"},
		"Danish":     {"18. februar 2020", "kl. 10.30 · 18. feb. 2020"},
		"Norwegian":  {"18. februar 2020"},
		"Finnish":    {"18. helmikuuta 2020", "helmikuu 18, 2020", "18.2.2020"},
		"Estonian":   {"18. veebruar 2020"},
		"Latvian":    {"2020. gada 18. februāris"},
		"Lithuanian": {"2020 m. vasario 18 d."},
		"Catalan":    {"18 de febrer de 2020", "18 de febrer del 2020"},
		"Galician":   {"18 de febreiro de 2020"},
		"Basque":     {"2020(e)ko otsailaren 18(a)", "otsaila 18, 2020"},
		"Irish":      {"18 Feabhra 2020"},
		"Indonesian": {"18 Februari 2020", "18 Feb 2020"},
		"Malay":      {"18 Februari 2020"},
		"Filipino":   {"Pebrero 18, 2020"},
		"Vietnamese": {"18 tháng 2, 2020", "ngày 18 tháng 2 năm 2020", "18 Tháng Hai 2020", "18 thg 2, 2020"},
		"Thai":       {"18 กุมภาพันธ์ 2020", "18 กุมภาพันธ์ 2563", "18 ก.พ. 2563", "18 กุมภาพันธ์ ค.ศ. 2020"},
		"Hindi":      {"18 फ़रवरी 2020", "१८ फरवरी २०२०"},
		"Bengali":    {"১৮ ফেব্রুয়ারী, ২০২০"},
		"Marathi":    {"१८ फेब्रुवारी, २०२०"},
		"Gujarati":   {"18 ફેબ્રુઆરી, 2020"},
		"Tamil":      {"18 பிப்ரவரி, 2020"},
		"Kannada":    {"ಫೆಬ್ರವರಿ 18, 2020"},
		"numbers":    {"2020-02-18", "2020/2/18", "02/18/2020", "18/02/2020", "18-02-2020", "2020-02-18T10:30:00Z", "2020.02.18"},
		"debris":     {"  February&nbsp;18, 2020 ", "(February 18, 2020)", "February\u00a018,\u20092020"},
	} {
		for _, s := range forms {
			if got, ok := ParseDate(s); got != want || !ok {
				t.Errorf("%s: ParseDate(%q) = %q, %v; want %s", lang, s, got, ok, want)
			}
		}
	}
}

func TestParseDateOther(t *testing.T) {
	for s, want := range map[string]string{
		"1er mars 2021":                  "2021-03-01",
		"1º de maio de 2021":             "2021-05-01",
		"18 d’octubre de 2020":           "2020-10-18",
		"19 listopada 2020":              "2020-11-19",
		"19. listopada 2020.":            "2020-10-19",
		"٢٩ كانون الثاني ٢٠٢٠":           "2020-01-29",
		"5 تشرين الأول 2023":             "2023-10-05",
		"31 tháng mười hai, 2019":        "2019-12-31",
		"1 Tháng Mười 2019":              "2019-10-01",
		"十二月 31, 2019":                   "2019-12-31",
		"2019年12月31日":                    "2019-12-31",
		"۳۰ اسفند ۱۳۹۹":                  "2021-03-20",
		"۱ فروردین ۱۴۰۰":                 "2021-03-21",
		"۲۲ بهمن ۱۴۰۲":                   "2024-02-11",
		"04/04/2020":                     "2020-04-04",
		"3.4.2020":                       "2020-04-03",
		"29 февраля 2024 г.":             "2024-02-29",
		"Agustus 17, 2019":               "2019-08-17",
		"31 ธ.ค. 2564":                   "2021-12-31",
		"10.30 18.2.2020":                "2020-02-18",
		"21:41 ce soir, 2 août 2022":     "2022-08-02",
		"Mon Jul 4 18:00:00 +0000, 2022": "",
	} {
		if got, ok := ParseDate(s); got != want || ok != (want != "") {
			t.Errorf("ParseDate(%q) = %q, %v; want %q", s, got, ok, want)
		}
	}
}

func TestParseDateRefuses(t *testing.T) {
	for _, s := range []string{
		"", "2020", "February 2020", "February 18", "18 Feb", "Feb 30, 2020", "February 29, 2021", "31. Juni 2020",
		"03/04/2020", "03-04-2020", "18/2-2020", "yesterday", "3h", "View on Example", "2 000 000", "February 18, 20200",
		"0 May 2020", "May 0, 2020", "13/13/2020", "2020-13-01", "١٨ ٢٠٢٠", "۳۰ اسفند ۱۴۰۰", "۳۲ مهر ۱۴۰۰",
		"the speech that he gave to us all on February 18, 2020 was long",
		"February 18, 2020 was the day on which it all began again",
		strings.Repeat("a", 300) + " February 18, 2020",
	} {
		if got, ok := ParseDate(s); ok || got != "" {
			t.Errorf("ParseDate(%q) = %q, want none", s, got)
		}
	}
}

// No name may stand for two months: one would silently win.
func TestMonthNamesAreUnambiguous(t *testing.T) {
	owner := map[string]int{}
	for i, words := range gregorianMonths() {
		for w := range strings.FieldsSeq(words) {
			k := dateKey(w)
			if m, ok := owner[k]; ok && m != i {
				t.Errorf("%q is both month %d and month %d", w, m+1, i+1)
			}
			owner[k] = i
			if dateFiller(k) {
				t.Errorf("%q is both a month and a filler", w)
			}
		}
	}
}

// Every month's long name must be read on every day it has.
func TestParseDateEveryDay(t *testing.T) {
	for d := time.Date(2019, 12, 1, 0, 0, 0, 0, time.UTC); d.Year() < 2021; d = d.AddDate(0, 0, 1) {
		want := d.Format(time.DateOnly)
		for _, layout := range []string{"January 2, 2006", "2. January 2006", "Jan 2, 2006", "2006-01-02", "02.01.2006", "2006年1月2日"} {
			if got, _ := ParseDate(d.Format(layout)); got != want {
				t.Fatalf("ParseDate(%q) = %q", d.Format(layout), got)
			}
		}
	}
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"February 18, 2020", "2020年2月18日", "۲۹ بهمن ۱۳۹۸", "18/02/2020", "10:30 AM - 18 Feb 2020", "18 ก.พ. 2563", "十\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := ParseDate(s)
		if !ok {
			if got != "" {
				t.Fatalf("ParseDate(%q) = %q without ok", s, got)
			}
			return
		}
		if _, err := time.Parse(time.DateOnly, got); err != nil {
			t.Fatalf("ParseDate(%q) = %q: %v", s, got, err)
		}
		if again, _ := ParseDate(got); again != got {
			t.Fatalf("ParseDate(%q) = %q", got, again)
		}
		_, start, end, _ := findDate(s)
		if start < 0 || end > len(s) || start >= end || (utf8.ValidString(s) && !utf8.ValidString(s[start:end])) {
			t.Fatalf("the date of %q stands at %d:%d", s, start, end)
		}
	})
}

func BenchmarkParseDate(b *testing.B) {
	for _, s := range []string{"February 18, 2020", "18 февраля 2020 г.", "10:30 AM - 18 Feb 2020", "2020年2月18日"} {
		b.Run(s, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ParseDate(s)
			}
		})
	}
}
