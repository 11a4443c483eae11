package room

import (
	"errors"
	"strings"
	"testing"
)

// A newcomer with the name of somebody in the room, or one that looks like it, could
// speak and vote in their place.
func TestNamesThatLookAlike(t *testing.T) {
	for name, others := range map[string][]string{
		"Alice": {
			"\u0391lice", "\u0410lice", "AIice", "A1ice", "A|ice", "Alice.", "Alice!", "A.l.i.c.e", "Al ice", "\u202fAlice", "Alice\u00b7",
			"\u0410LICE", "\uff21lice", "\U0001D49Clice", "Al\u0456ce", "Ali\u0441e", "Alic\u0435", "Alice\u02bc", "Alice\ua78c", "Alice\u01c3",
			"Alice\u05d9", "Alice\u0660", "Alice~", "Alice^", "Alice\u02d9", "Alice\ua4f8", "\u300cAlice\u300d", "(Alice)", "-Alice-", "Alice\u2212", "A\u2113ice",
			"A\u05c0ice", "Alice\u02d1", "Alice\u02cd", "\u02bfAlice", "Alice\u0640",
			"ALlCE", "AL1CE", "Al1ce", "AL|CE", "\u0410Ll\u0421\u0415",
			"ᴀʟɪᴄᴇ", "Aʟɪᴄᴇ", "\uab7alice", "\u13aalice", "🅐🅛🅘🅒🅔", "🅰🅻🅸🅲🅴", "🅰lice", "🇦lice", "A1\ufe0f\u20e3ice", "A❶ice", "A➀ice", "A⓵ice",
			"⒜⒧⒤⒞⒠", "🄐🄛🄘🄒🄔", "A⒈ice", "A⑴ice", "─ Alice ─", "━Alice━", "║Alice║", "A│ice", "A┃ice", "A❘ice", "A￨ice", "Alice⁻", "₋Alice",
			"Alice\u0332", "A\u0332l\u0332i\u0332c\u0332e\u0332", "Alice\u20dd", "Al\u0305ice",
		},
		"ALICE":           {"ALlCE", "AL1CE", "alice", "\u0410L\u0406\u0421\u0415", "\u0391L\u0399CE"},
		"Bob":             {"B0b", "\u0412ob", "\u0412\u043e\u042c", "BOB", "B\u03bfb"},
		"BOB":             {"\u0412\u041e\u0412", "B0B"},
		"Helen":           {"HELEN", "\u041d\u0435l\u0435n", "\u041dELEN"},
		"Marnie":          {"Mamie"},
		"Анна":            {"Aннa", "Анна.", "АННА"},
		"Σοφία":           {"ΣΟΦΊΑ", "Σoφία"},
		"Ana María":       {"AnaMaría", "Ana-María", "Ana_María", "ana maría"},
		"Admin":           {"Adrnin", "Adm\u0131n", "\u0410dmin", "ADMIN"},
		"می\u200cنا":      {"مینا"},
		"👨\u200d👩\u200d👧": {"👨👩👧"},
		"🏴\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F": {"🏴"},
		"محمد":    {"محمـد", "مـحـمـد"},
		"William": {"Wi\u2016iam"},
		"!!":      {"! !"},
		"\u2764":  {"\u2764\ufe0f"},
		"דין":     {"דין."},
		"がく":      {"か゛く"},
		"ポチ":      {"ホ゜チ"},
	} {
		for _, other := range others {
			if _, err := ParseName(other); err != nil {
				t.Errorf("%q is no name: %v", other, err)
			}
			for _, pair := range [][2]string{{name, other}, {other, name}} {
				if err := lookOf(pair[0]).clash(lookOf(pair[1])); err == nil {
					t.Errorf("%q (%+q) and %q (%+q) stand beside each other", pair[0], lookOf(pair[0]).keys, pair[1], lookOf(pair[1]).keys)
				}
			}
		}
	}
}

// People who are really called so are let in beside each other.
func TestNamesThatDoNotLookAlike(t *testing.T) {
	for _, pair := range [][2]string{
		{"Alice", "Alina"}, {"Zoë", "Zoe"}, {"José", "Jose"}, {"Ana", "Anna"}, {"Jan", "Jana"}, {"Max", "Maxi"}, {"Tho", "Thơ"}, {"Jürgen", "Jurgen"},
		{"דן", "דין"}, {"Ольга", "Олег"}, {"李明", "李朋"}, {"山田", "山本"}, {"محمد", "محمود"}, {"राम", "रामा"}, {"Kim", "Kimi"}, {"Søren", "Soren"},
		{"Łukasz", "Lukasz"}, {"🦊", "🐺"}, {"👍🏽", "👍🏿"}, {"!!!", "!!"}, {"Alice 🦊", "Alice"}, {"Alice 2", "Alice 3"}, {"Ali ١٠", "Ali ١٢"}, {"のりこ", "りこ"}, {"Ken", "Kenn"},
		{"Kai", "Kal"}, {"Ali", "All"}, {"Mia", "Mla"}, {"Lia", "Ila"}, {"Will", "Wili"}, {"🇩🇪", "🇫🇷"}, {"*\ufe0f\u20e3", "#\ufe0f\u20e3"}, {"Bọ́lá", "Bola"}, {"Siân", "Sian"}, {"Kwakwa̱ka", "Kwakwaka"},
		{"くみ", "み"}, {"ロー", "ロ"}, {"佐々木", "佐木"}, {"Jo", "Joe"}, {"Noel", "Noël"}, {"Ivan", "Iván"},
	} {
		for _, pair := range [][2]string{pair, {pair[1], pair[0]}} {
			if err := lookOf(pair[0]).clash(lookOf(pair[1])); err != nil {
				t.Errorf("%q (%+q) and %q (%+q): %v", pair[0], lookOf(pair[0]).keys, pair[1], lookOf(pair[1]).keys, err)
			}
		}
	}
}

// The words of a refusal are true: the same name, or one that looks like it.
func TestWhyNamesClash(t *testing.T) {
	like := lookOf("Alice")
	for name, want := range map[string]error{"aLICE": ErrNameTaken, "Ａｌｉｃｅ": ErrNameTaken, "Alice.": ErrNameAlike, "A1ice": ErrNameAlike, "Bob": nil} {
		if err := like.clash(lookOf(name)); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", name, err, want)
		}
	}
}

func BenchmarkLook(b *testing.B) {
	for _, name := range []string{"Alice", "Ana María 🦊", "Σοφία Παπαδοπούλου"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				lookOf(name)
			}
		})
	}
}

// FuzzLook: likeness is mutual, nobody is unlike themselves, and what is invisible or
// spaces make no difference.
func FuzzLook(f *testing.F) {
	f.Add("Alice", "A1ice")
	f.Add("گل\u200cناز", "!!")
	f.Add("דין", "Alice\u05d9")
	f.Fuzz(func(t *testing.T, one, other string) {
		one, err := ParseName(one)
		if err != nil {
			return
		}
		if err := lookOf(one).clash(lookOf(one)); !errors.Is(err, ErrNameTaken) {
			t.Errorf("%+q is unlike itself: %v", one, err)
		}
		if plain := strings.ReplaceAll(bare(one), " ", ""); lookOf(one).clash(lookOf(plain)) == nil {
			t.Errorf("%+q is unlike %+q", one, plain)
		}
		if other, err = ParseName(other); err != nil {
			return
		}
		if there, back := lookOf(one).clash(lookOf(other)), lookOf(other).clash(lookOf(one)); !errors.Is(there, back) {
			t.Errorf("%+q and %+q: %v, and %v", one, other, there, back)
		}
	})
}
