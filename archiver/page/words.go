package page

// The words by which pages are told that stand in the place of others, in lower
// case, as [fold] writes them. A phrase is in the list only where hardly
// anything else says it: a wrong label hides nothing, but it alarms. Some are
// cut short, and match every ending.

// missingTitles are headings of pages that say that there is no such page.
func missingTitles() []string {
	return []string{
		"404", "page not found", "not found", "page does not exist", "page doesn't exist", "page no longer exists", "page cannot be found",
		"page can't be found", "page could not be found", "page isn't available", "page is not available", "page unavailable", "content not found",
		"article not found", "no longer available", "file not found", "nothing found",
		"seite nicht gefunden", "seite wurde nicht gefunden", "seite existiert nicht", "nicht gefunden", "nicht mehr verfügbar",
		"page introuvable", "page non trouvée", "cette page n'existe pas", "page inexistante", "contenu introuvable",
		"página no encontrada", "no se encontró la página", "la página no existe", "pagina no encontrada",
		"página não encontrada", "a página não existe", "página inexistente",
		"pagina non trovata", "la pagina non esiste",
		"pagina niet gevonden", "deze pagina bestaat niet",
		"sidan hittades inte", "sidan kunde inte hittas", "siden blev ikke fundet", "siden findes ikke", "siden ble ikke funnet", "siden finnes ikke",
		"sivua ei löytynyt", "sivua ei löydy",
		"nie znaleziono strony", "strona nie istnieje", "strona nie została znaleziona", "stránka nenalezena", "stránka neexistuje", "stránka nebola nájdená",
		"az oldal nem található", "pagina nu a fost găsită", "pagina nu există", "sayfa bulunamadı", "η σελίδα δεν βρέθηκε",
		"страница не найдена", "сторінку не знайдено", "страницата не е намерена", "страница није пронађена",
		"الصفحة غير موجودة", "لم يتم العثور على الصفحة", "הדף לא נמצא", "העמוד לא נמצא", "صفحه یافت نشد", "صفحه پیدا نشد",
		"पृष्ठ नहीं मिला", "पेज नहीं मिला", "ページが見つかりません", "お探しのページは見つかりませんでした", "页面不存在", "页面未找到", "找不到页面", "您访问的页面不存在",
		"找不到網頁", "頁面不存在", "페이지를 찾을 수 없습니다", "halaman tidak ditemukan", "không tìm thấy trang", "ไม่พบหน้า",
	}
}

// missingWords are sentences of such pages.
func missingWords() []string {
	return []string{
		"the page you requested could not be found", "the page you are looking for", "the page you were looking for", "the page you're looking for",
		"the page you requested does not exist", "we can't find the page", "we couldn't find the page", "we couldn't find that page",
		"sorry, this page isn't available", "this page is no longer available", "this content is no longer available", "this article is no longer available",
		"the requested url was not found", "the requested page could not be found", "has been removed or is no longer",
		"die gesuchte seite", "die angeforderte seite", "die von ihnen gesuchte seite", "dieser artikel ist nicht mehr verfügbar",
		"la page que vous cherchez", "la page que vous recherchez", "la page demandée n'existe", "cet article n'est plus disponible",
		"la página que buscas no", "la página que busca no", "la página solicitada no", "a página que você procura", "a página que procura não",
		"la pagina che stai cercando", "la pagina che cerchi", "la pagina richiesta non", "de pagina die je zoekt", "de pagina die u zoekt",
		"sidan du letar efter", "sidan du söker", "siden du leter etter", "siden du leder efter", "etsimääsi sivua",
		"strona, której szukasz", "szukana strona nie", "požadovaná stránka", "a keresett oldal", "pagina pe care o căutați", "aradığınız sayfa",
		"η σελίδα που ζητήσατε", "запрашиваемая страница не", "запрошенная страница не", "такой страницы не существует", "сторінка, яку ви шукаєте",
		"الصفحة التي تبحث عنها", "הדף שחיפשת", "صفحه مورد نظر", "お探しのページは", "您要访问的页面", "您查看的页面", "요청하신 페이지", "halaman yang anda cari",
		"trang bạn tìm",
	}
}

// parkedWords are sentences of pages of domains that nobody uses.
func parkedWords() []string {
	return []string{
		"this domain is for sale", "this domain may be for sale", "this domain name is for sale", "domain is for sale", "buy this domain",
		"this domain is parked", "this domain has expired", "this domain name has expired", "domain has been registered", "make an offer on this domain",
		"the owner of this domain", "this web page is parked", "inquire about this domain", "get this domain",
		"diese domain steht zum verkauf", "diese domain kaufen", "domain steht zum verkauf", "ce domaine est à vendre", "ce nom de domaine est à vendre",
		"acheter ce domaine", "este dominio está en venta", "este dominio está a la venta", "este domínio está à venda", "questo dominio è in vendita",
		"dit domein is te koop", "deze domeinnaam is te koop", "domänen är till salu", "ta domena jest na sprzedaż", "domena na sprzedaż",
		"tato doména je na prodej", "bu alan adı satılık", "домен продается", "домен продаётся", "домен выставлен на продажу", "домен продається",
		"このドメインは販売中", "此域名出售", "该域名正在出售", "이 도메인은 판매",
	}
}

// parkedMarks are names of what makes such pages.
func parkedMarks() []string {
	return []string{"sedoparking.com", "parkingcrew.net", "bodis.com", "parklogic.com", "parking-page", "img1.wsimg.com/parking-lander",
		"sedo-parking", "domainparking", "d38psrni17bvxu.cloudfront.net", "cdn.parking", "parkedpage"}
}

// parkedHosts are the markets that domains for sale lead to.
func parkedHosts() []string {
	return []string{"hugedomains.com", "dan.com", "sedo.com", "afternic.com", "domainmarket.com", "undeveloped.com", "buydomains.com", "squadhelp.com", "atom.com"}
}

// challengeTitles are headings of pages that hold readers up.
func challengeTitles() []string {
	return []string{
		"just a moment", "attention required! | cloudflare", "access denied", "access to this page has been denied", "please verify you are a human",
		"verify you are human", "are you a robot", "are you human", "robot check", "security check", "ddos-guard", "pardon our interruption",
		"human verification", "checking your browser", "bot verification", "captcha", "you have been blocked", "request unsuccessful",
		"einen moment", "sicherheitsüberprüfung", "zugriff verweigert", "un instant", "un moment", "accès refusé", "vérification de sécurité",
		"acceso denegado", "acesso negado", "accesso negato", "een ogenblik", "toegang geweigerd", "dostęp zabroniony",
		"один момент", "доступ запрещен", "доступ ограничен", "проверка браузера", "sebentar", "请稍候", "安全验证", "しばらくお待ちください", "잠시만 기다리십시오",
	}
}

// challengeWords are sentences of such pages.
func challengeWords() []string {
	return []string{
		"checking if the site connection is secure", "checking your browser before accessing", "verify you are human by completing",
		"enable javascript and cookies to continue", "needs to review the security of your connection", "press & hold to confirm you are a human",
		"press and hold to confirm", "unusual traffic from your computer network", "complete the security check to access", "made us think you might be a bot",
		"made us think that you are a bot", "to continue, please verify that you are not a robot", "you don't have permission to access",
		"sorry, you have been blocked", "we want to make sure it is actually you we are dealing with", "our systems have detected unusual traffic",
		"bitte bestätigen sie, dass sie ein mensch sind", "bestätigen sie, dass sie kein roboter sind", "vérifiez que vous êtes humain",
		"confirmez que vous n'êtes pas un robot", "verifica que eres humano", "verifique que é humano", "подтвердите, что вы не робот",
		"подтвердите, что вы человек", "potwierdź, że nie jesteś robotem", "确认您是真人", "请完成安全验证",
	}
}

// challengeMarks are names of the services that check readers.
func challengeMarks() []string {
	return []string{"cf-challenge", "challenge-platform", "cf-error-details", "_incapsula_resource", "captcha-delivery.com", "px-captcha",
		"perimeterx", "awswaf", "challenges.cloudflare.com", "hcaptcha.com", "ddos-guard", "google.com/recaptcha", "sec-if-cpt", "kpsdk"}
}

// consentTitles are headings of pages that ask for consent before anything
// else.
func consentTitles() []string {
	return []string{
		"before you continue", "we value your privacy", "your privacy choices", "we and our partners", "we care about your privacy", "cookie consent",
		"manage your consent", "privacy settings", "bevor sie fortfahren", "ihre privatsphäre", "datenschutzeinstellungen", "wir schätzen ihre privatsphäre",
		"mit werbung weiterlesen", "zustimmung erforderlich", "avant d'accéder", "avant de continuer", "nous respecton",
		"antes de continuar", "valoramos tu privacidad", "valoramos su privacidad", "valorizamos a sua privacidade", "prima di continu",
		"la tua privacy", "rispettiamo la tua privacy", "voordat je verdergaat", "jouw privacy", "privacy-instellingen", "din integritet",
		"innan du fortsätter", "zanim przejdziesz dalej", "szanujemy twoją prywatność", "než budete pokračovat", "прежде чем продолжить",
		"devam etmeden önce", "続行する前に", "在您继续之前", "계속하기 전에",
	}
}

// loginTitles are headings of pages where readers sign in.
func loginTitles() []string {
	return []string{
		"log in", "login", "sign in", "sign up", "signin", "log into", "sign in to continue", "log in to continue", "please log in", "create an account",
		"anmelden", "einloggen", "anmeldung", "jetzt anmelden", "se connecter", "connexion", "connectez-vous", "identifiez-vous", "iniciar sesión",
		"inicia sesión", "iniciar sessão", "entrar", "fazer login", "accedi", "accesso", "inloggen", "aanmelden", "logga in", "log ind", "logg inn",
		"logg på", "kirjaudu", "kirjaudu sisään", "zaloguj się", "logowanie", "přihlášení", "přihlásit se", "prihlásenie", "bejelentkezés", "autentificare",
		"conectare", "giriş yap", "oturum aç", "σύνδεση", "войти", "вход", "авторизация", "увійти", "вхід", "تسجيل الدخول", "התחברות", "ورود",
		"लॉग इन", "ログイン", "サインイン", "登录", "登入", "로그인", "masuk", "đăng nhập", "เข้าสู่ระบบ",
	}
}

// loginWords are sentences of such pages.
func loginWords() []string {
	return []string{
		"you must log in to continue", "you must be logged in to", "log in to continue", "sign in to continue", "please log in to view",
		"you need to log in", "log in or sign up to view", "please sign in to", "join now to see", "sign in to view",
		"bitte melden sie sich an", "sie müssen sich anmelden", "um fortzufahren, melde dich an", "connectez-vous pour", "vous devez vous connecter",
		"inicia sesión para", "debes iniciar sesión", "faça login para", "accedi per continu", "log in om verder", "je moet inloggen",
		"logga in för att", "zaloguj się, aby", "войдите, чтобы", "необходимо войти", "увійдіть, щоб", "giriş yapmalısınız", "ログインしてください",
		"请先登录", "登录后查看", "로그인이 필요합니다",
	}
}

// loginParts are parts of paths that are for signing in.
func loginParts() []string {
	return []string{"login", "log-in", "signin", "sign-in", "sign_in", "signup", "sign-up", "sso", "oauth", "authwall", "checkpoint", "logon",
		"anmelden", "connexion", "inloggen", "accedi", "wp-login", "authorize"}
}

// paywallWords are words of barriers, which count where a page says of itself
// that it must be paid for.
func paywallWords() []string {
	return []string{
		"subscribe", "subscription", "subscribers", "already a subscriber", "members only", "abonnieren", "abonnenten", "abonnement", "weiterlesen mit",
		"jetzt testen", "s'abonner", "abonnez-vous", "abonnés", "suscríbete", "suscriptores", "suscribirse", "assine", "assinante", "abbonati",
		"abbonamento", "abonneer", "abonnees", "prenumerera", "prenumeranter", "abonner", "abonnenter", "tilaa", "tilaajille", "prenumerata",
		"subskrypcja", "předplatné", "előfizetés", "подписка", "подписчиков", "підписка", "abone", "会員限定", "有料会員", "订阅", "訂閱", "구독",
	}
}

// paywallPhrases are words that nothing but a barrier says.
func paywallPhrases() []string {
	return []string{
		"subscribe to continue reading", "subscribe to read the full", "subscribe to keep reading", "this article is for subscribers only",
		"this content is for subscribers", "this article is exclusive to subscribers", "already a subscriber? log in", "already a subscriber? sign in",
		"become a subscriber to read", "you have reached your limit of free articles", "you've reached your limit of free articles",
		"you have read all of your free articles", "to continue reading this article, subscribe", "unlock this article", "subscribers only",
		"dieser artikel ist nur für abonnenten", "dieser inhalt ist nur für abonnenten", "jetzt weiterlesen mit", "lesen sie diesen artikel mit",
		"cet article est réservé aux abonnés", "article réservé aux abonnés", "contenu réservé aux abonnés",
		"contenido exclusivo para suscriptores", "solo para suscriptores", "suscríbete para seguir leyendo", "conteúdo exclusivo para assinantes",
		"exclusivo para assinantes", "contenuto riservato agli abbonati", "articolo riservato agli abbonati", "abbonati per continu",
		"dit artikel is exclusief voor abonnees", "alleen voor abonnees", "endast för prenumeranter", "för dig som är prenumerant", "kun for abonnenter",
		"dalsza część artykułu jest dostępna", "artykuł dostępny tylko dla", "tylko dla prenumeratorów", "článek je jen pro předplatitele",
		"csak előfizetőknek", "только для подписчиков", "доступно только подписчикам", "лише для підписників", "この記事は会員限定", "この記事は有料会員",
		"订阅后继续阅读", "구독자 전용",
	}
}

// paywallMarks are names of barriers.
func paywallMarks() []string {
	return []string{"paywall", "piano-", "tp-modal", "subscriber-only", "regwall", "meteredcontent", "subscribe-wall", "poool"}
}
