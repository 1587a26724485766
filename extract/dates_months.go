package extract

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// persianMonth is added to the number of a month of the Persian calendar.
const persianMonth = 100

// monthNames maps the normal form of a month's name ([dateKey]) to its number.
// The words of a name of two words are joined by an underscore.
var monthNames = sync.OnceValue(func() map[string]int {
	names := make(map[string]int, 1500)
	for i, words := range gregorianMonths() {
		for w := range strings.FieldsSeq(words) {
			names[dateKey(w)] = i + 1
		}
	}
	for i, w := range persianMonths() {
		names[dateKey(w)] = persianMonth + i + 1
	}
	return names
})

// dateKey brings a word into the form in which names are compared: lower case,
// compatibility forms resolved, accents, vowel points and joiners removed,
// Persian and Urdu letters written as the Arabic ones they stand for.
func dateKey(word string) string {
	if dateASCII(word) {
		return strings.ToLower(word)
	}
	return strings.Map(keyRune, norm.NFKD.String(word))
}

func dateASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func keyRune(r rune) rune {
	switch {
	case r >= 0x300 && r <= 0x36f, r >= 0x591 && r <= 0x5c7, r >= 0x610 && r <= 0x61a,
		r >= 0x64b && r <= 0x65f, r == 0x670, r == 0x640, // accents, points
		r == 0x93c, r == 0x9bc, r == 0xa3c, // nukta
		r >= 0x200b && r <= 0x200f:
		return -1
	case r == 'ı':
		return 'i'
	case r == 'ς':
		return 'σ'
	case r == 'ی':
		return 'ي'
	case r == 'ک':
		return 'ك'
	case r == 'ہ':
		return 'ه'
	}
	return unicode.ToLower(r)
}

func persianMonths() [12]string {
	return [12]string{"فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند"}
}

// gregorianMonths lists the names of each month: as they stand in dates and by
// themselves, long and short, in the languages that social platforms speak.
// Where a word means different months in two languages, it is listed under the
// one with more speakers: listopad, lip and lis are Polish, srp is Czech.
func gregorianMonths() [12]string {
	return [12]string{
		// January.
		`january jan janvier janv januar jänner enero ene janeiro gennaio gen januari stycznia sty styczeń ocak
			oca يناير جانفي كانون_الثاني января янв январь січня січ січень tammikuuta tammikuu tammi ιανουαρίου ιαν
			ledna leden led ianuarie ian जनवरी जन ינואר ינו ژانویهٔ جنوری جنو gener xaneiro xan urtarrila urt януари
			јануар јан siječnja sij siječanj januára জানুয়ারি জানু ஜனவரி ஜன జనవరి జన ಜನವರಿ ಜನ જાન્યુઆરી જાન્યુ
			जानेवारी जाने ਜਨਵਰੀ ਜਨ ജനുവരി ജനു มกราคม ม.ค janvāris sausio sausis jaanuar jaan ionawr ion jannar janar
			јануари yanvar yan студзеня сту студзень қаңтар қаң იანვარი იან հունվարի հնվ հունվար januarie jänn genn
			siječnju januarja јануара জানুয়ারী urtarrilaren urtarrilak eanáir ean tháng_một ιανουάριος ဇန်နဝါရီ មករា ມັງກອນ ජනවාරි ጃንዋሪ ጃንዩወሪ`,
		// February.
		`february feb février févr februar febrero fevereiro fev febbraio februari lutego lut luty şubat şub
			فبراير فيفري شباط февраля февр февраль лютого лют лютий helmikuuta helmikuu helmi φεβρουαρίου φεβ února
			únor úno febr februarie फ़रवरी फ़र פברואר פבר فوریهٔ فبروری febrer febreiro otsaila ots февруари фебруар
			феб veljače velj veljača februára pebrero peb ফেব্রুয়ারি ফেব பிப்ரவரி பிப் ఫిబ్రవరి ఫిబ్ర ಫೆಬ್ರವರಿ
			ಫೆಬ್ರ ફેબ્રુઆરી ફેબ્રુ फेब्रुवारी फेब्रु ਫ਼ਰਵਰੀ ਫ਼ਰ ഫെബ്രുവരി ഫെബ്രു فروری กุมภาพันธ์ ก.พ februāris
			vasario vasaris veebruar veebr chwefror chwef chw frar fra shkurt shk фев fevral лютага люты ақпан ақп
			თებერვალი თებ փետրվարի փտվ փետրվար फेब्रुअरी feber фебр febbr otsailaren otsailak فيبروري ফেব্রুয়ারী
			februarja фебруара pebruari feabhra feabh фев tháng_hai φεβρουάριος ဖေဖော်ဝါရီ កុម្ភៈ ກຸມພາ පෙබරවාරි ፌብሩወሪ ፌብሩዋሪ`,
		// March.
		`march mar mars märz marzo março maart mrt marca marzec mart مارس آذار марта мар март березня бер
			березень marts maaliskuuta maaliskuu maalis μαρτίου μαρ března březen bře március márc martie maret
			मार्च מרץ مارچ martxoa ožujka ožu ožujak marec mac marso মার্চ மார்ச் மார் మార్చి ಮಾರ್ಚ್ માર્ચ ਮਾਰਚ
			മാർച്ച് മാർ มีนาคม มี.ค kovo kovas mawrth maw marzu сакавіка сак сакавік наурыз нау მარტი მარ մարտի մրտ
			մարտ machi mrz maerz martxoaren martxoak marta márta tháng_ba μάρτιος မတ် មីនា ມີນາ මාර්තු ማርች`,
		// April.
		`april apr avril avr abril abr aprile kwietnia kwi kwiecień nisan nis أبريل أفريل نيسان апреля апр апрель
			квітня квіт квітень huhtikuuta huhtikuu huhti απριλίου απρ dubna duben dub április aprilie अप्रैल אפריל
			אפר آوریل اپریل apirila api април travnja tra travanj apríla এপ্রিল এপ্রি ஏப்ரல் ஏப் ఏప్రిల్ ఏప్రి
			ಏಪ್ರಿಲ್ ಏಪ್ರಿ એપ્રિલ एप्रिल एप्रि ਅਪ੍ਰੈਲ ਅਪ੍ਰੈ ഏപ്രിൽ ഏപ്രി เมษายน เม.ย balandžio balandis aprill ebrill
			ebr prill pri aprel красавіка кра красавік сәуір сәу აპრილი აპრ ապրիլի ապր ապրիլ अप्रिल aprili
			apirilaren apirilak априла अप्रेल aibreán aib tháng_tư απρίλιος ဧပြီ មេសា ເມສາ අප්රේල් ኤፕሪል`,
		// May.
		`may mai mayo maio maggio mag mei maja maj mayıs مايو ماي أيار мая май травня трав травень toukokuuta
			toukokuu touko μαΐου μαΐ května květen kvě május मई מאי مهٔ می maig maiatza мај svibnja svi svibanj মে
			மே మే ಮೇ મે मे ਮਈ മേയ് مئی พฤษภาคม พ.ค maijs gegužės gegužė mejju mej мамыр мам მაისი მაი մայիսի մյս
			մայիս magg maiatzaren maiatzak маја مايس bealtaine beal tháng_năm μάιος မေ ឧសភា ພຶດສະພາ මැයි ሜይ`,
		// June.
		`june jun juin juni junio junho giugno giu czerwca cze czerwiec haziran haz يونيو جوان حزيران июня июн
			июнь червня черв червень kesäkuuta kesäkuu kesä ιουνίου ιουν června červen čvn június iunie iun जून יוני
			ژوئن جون juny xuño ekaina eka юни јун lipnja lipanj júna junij hunyo hun জুন ஜூன் జూన్ ಜೂನ್ જૂન ਜੂਨ ജൂൺ
			มิถุนายน มิ.ย jūnijs birželio birželis juuni mehefin meh ġunju ġun qershor qer јуни iyun iyn чэрвеня чэр
			чэрвень маусым мау ივნისი ივნ հունիսի հնս հունիս जुन junie ekainaren ekainak junija јуна يونية يونيه
			meitheamh meith tháng_sáu ιούνιος ဇွန် មិថុនា ມິຖຸນາ ජූනි ጁን`,
		// July.
		`july jul juillet juil juli julio julho luglio lug lipca lip lipiec temmuz tem يوليو جويلية يوليوز تموز
			июля июл июль липня лип липень heinäkuuta heinäkuu heinä ιουλίου ιουλ července červenec čvc július iulie
			iul जुलाई जुल יולי ژوئیهٔ جولای جول juliol xullo xul uztaila uzt юли јул srpnja srpanj júla julij julai
			hulyo hul জুলাই জুল ஜூலை జులై ಜುಲೈ જુલાઈ जुलै ਜੁਲਾਈ ਜੁਲਾ ജൂലൈ جولائی กรกฎาคม ก.ค jūlijs liepos liepa
			juuli gorffennaf gorff gor lulju lul korrik korr јули iyul iyl ліпеня ліп ліпень шілде шіл ივლისი ივლ
			հուլիսի հլս հուլիս julie juill uztailaren uztailak julija јула يولية يوليه जुलाइ iúil tháng_bảy ιούλιος ဇူလိုင် កក្កដា ກໍລະກົດ ජූලි ጁላይ`,
		// August.
		`august aug août agosto ago augustus sierpnia sie sierpień ağustos ağu أغسطس أوت غشت آب августа авг
			август серпня серп серпень augusti elokuuta elokuu elo αυγούστου αυγ srpna srpen srp augusztus agustus
			अगस्त अग אוגוסט אוג اگست agost abuztua abu avgust avg kolovoza kol kolovoz augusta ogos ogo আগস্ট আগ
			ஆகஸ்ட் ஆக ఆగస్టు ఆగ ಆಗಸ್ಟ್ ಆಗ ઑગસ્ટ ऑगस्ट ऑग ਅਗਸਤ ਅਗ ഓഗസ്റ്റ് ഓഗ สิงหาคม ส.ค augusts rugpjūčio rugpjūtis
			awst ágúst awwissu aww gusht gush avqust avq жніўня жні жнівень тамыз там აგვისტო აგვ օգոստոսի օգս
			օգոստոս अगस्ट agosti aoû abuztuaren abuztuak avgusta أوغسطس আগষ্ট lúnasa lún ag tháng_tám αύγουστος ဩဂုတ် សីហា ສິງຫາ අගෝස්තු ኦገስት`,
		// September.
		`september sep septembre sept septiembre setembro set settembre września wrz wrzesień eylül eyl سبتمبر
			شتنبر أيلول сентября сент сентябрь вересня вер вересень syyskuuta syyskuu syys σεπτεμβρίου σεπ září zář
			szeptember szept septembrie सितंबर सित ספטמבר ספט سپتامبر سپتمبر setembre iraila ira септември септембар
			сеп septembar rujna ruj rujan septembra setyembre সেপ্টেম্বর সেপ সেপ্ট செப்டம்பர் செப் సెప్టెంబర్
			సెప్టెం ಸೆಪ್ಟೆಂಬರ್ ಸೆಪ್ಟೆಂ સપ્ટેમ્બર સપ્ટે सप्टेंबर सप्टें ਸਤੰਬਰ ਸਤੰ സെപ്റ്റംബർ സെപ്റ്റം ستمبر กันยายน
			ก.ย septembris rugsėjo rugsėjis medi settembru shtator sht sentyabr sen верасня верасень қыркүйек қыр
			სექტემბერი სექ սեպտեմբերի սեպ սեպտեմբեր सेप्टेम्बर septemba sentabr sett irailaren irailak септембра
			सितम्बर meán_fómhair mfómh сен tháng_chín σεπτέμβριος စက်တင်ဘာ កញ្ញា ກັນຍາ සැප්තැම්බර් ሴፕቴምበር`,
		// October.
		`october oct octobre oktober okt octubre outubro out ottobre ott października paź październik ekim eki
			أكتوبر تشرين_الأول октября окт октябрь жовтня жовт жовтень lokakuuta lokakuu loka οκτωβρίου οκτ října
			říjen říj octombrie अक्टूबर अक्टू אוקטובר אוק اکتبر urria urr октомври октобар oktobar októbra oktubre
			অক্টোবর অক্টো அக்டோபர் அக் అక్టోబర్ అక్టో ಅಕ್ಟೋಬರ್ ಅಕ್ಟೋ ઑક્ટોબર ઑક્ટો ऑक्टोबर ऑक्टो ਅਕਤੂਬਰ ਅਕਤੂ ഒക്ടോബർ
			ഒക്ടോ ตุลาคม ต.ค oktobris spalio spalis oktoober hydref hyd ottubru tetor tet oktyabr кастрычніка кас
			кастрычнік қазан қаз ოქტომბერი ოქტ հոկտեմբերի հոկ հոկտեմբեր अक्टोबर oktoba oktabr urriaren urriak
			октобра अक्तूबर deireadh_fómhair dfómh tháng_mười οκτώβριος အောက်တိုဘာ តុលា ຕຸລາ ඔක්තෝබර් ኦክቶበር`,
		// November.
		`november nov novembre noviembre novembro listopada lis listopad kasım kas نوفمبر نونبر تشرين_الثاني
			ноября нояб ноябрь листопада лист листопад marraskuuta marraskuu marras νοεμβρίου νοε listopadu
			noiembrie नवंबर नव נובמבר נוב نوامبر نومبر azaroa aza ноември новембар нов novembar studenoga stu
			studeni novembra nobyembre nob নভেম্বর নভে நவம்பர் நவ నవంబర్ నవం ನವೆಂಬರ್ ನವೆಂ નવેમ્બર નવે नोव्हेंबर
			नोव्हें ਨਵੰਬਰ ਨਵੰ നവംബർ നവം พฤศจิกายน พ.ย novembris lapkričio lapkritis tachwedd tach novembru nëntor
			nën ное noyabr noy лістапада ліс лістапад қараша қар ნოემბერი ნოე նոյեմբերի նոյ նոյեմբեր नोभेम्बर
			novemba azaroaren azaroak studenog новембра नवम्बर nopember samhain samh ноя tháng_mười_một νοέμβριος နိုဝင်ဘာ វិច្ឆិកា ພະຈິກ නොවැම්බර් ኖቬምበር`,
		// December.
		`december dec décembre dezember dez diciembre dic dezembro dicembre grudnia gru grudzień aralık ara
			ديسمبر دجنبر كانون_الأول декабря дек декабрь грудня груд грудень desember des joulukuuta joulukuu joulu
			δεκεμβρίου δεκ prosince prosinec pro decembrie दिसंबर दिस דצמבר דצמ دسامبر دسمبر دسم desembre decembro
			abendua abe декември децембар дец decembar prosinca prosinac decembra disember dis disyembre ডিসেম্বর
			ডিসে டிசம்பர் டிச డిసెంబర్ డిసెం ಡಿಸೆಂಬರ್ ಡಿಸೆಂ ડિસેમ્બર ડિસે डिसेंबर डिसें ਦਸੰਬਰ ਦਸੰ ഡിസംബർ ഡിസം
			ธันวาคม ธ.ค decembris gruodžio gruodis detsember dets rhagfyr rhag diċembru dhjetor dhj dekabr dek
			снежня сне снежань желтоқсан жел დეკემბერი დეკ դեկտեմբերի դեկ դեկտեմբեր डिसेम्बर desemba abenduaren
			abenduak децембра दिसम्बर nollaig noll tháng_mười_hai δεκέμβριος ဒီဇင်ဘာ ធ្នូ ທັນວາ දෙසැම්බර් ዲሴምበር`,
	}
}
