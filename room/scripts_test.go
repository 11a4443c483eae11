package room

import (
	"errors"
	"testing"
)

// Names as people have them, in the spelling that their keyboards give.
func TestNamesOfPeople(t *testing.T) {
	for language, names := range map[string][]string{
		"English": {"Alice", "O'Brien", "O’Brien", "Mary-Jane", "J. R. R. Tolkien", "Anne\u2010Marie", "Anne\u2011Marie", "Smith, John", "Bob (work)"},
		"German":  {"Jürgen Groß", "Günther", "Weiß"}, "French": {"Zoë", "François", "Anaïs L’Heureux", "Jean‐Luc"},
		"Spanish": {"José Ñúñez", "María José"}, "Catalan": {"Marcel·lí", "Gal·la"}, "Portuguese": {"João Conceição"},
		"Danish": {"Søren Ærø", "Åse"}, "Icelandic": {"Þórður", "Guðrún"}, "Polish": {"Łukasz Żółć", "Świętosława"}, "Czech": {"Jiří Dvořák", "Ľubomír"},
		"Hungarian": {"Kővári Őzse"}, "Romanian": {"Ștefan Țuțea"}, "Turkish": {"İbrahim Yıldız", "Şükrü Çağlar"}, "Lithuanian": {"Žydrūnas", "Šarūnė"},
		"Maltese": {"Ġużeppi Ħaż"}, "Welsh": {"Siôn ap Llŷr"}, "Vietnamese": {"Nguyễn Thị Hồng", "Trần Đức", "Phan Thi\u0323 Hu\u00ea\u0301"},
		"Yoruba": {"Ọláyẹmí", "Bọ́lá"}, "Igbo": {"Chukwuemeka Ọkọ"}, "Hausa": {"Ɗanladi Ƙasim", "Ba'u"}, "Hawaiian": {"Kaʻahumanu", "ʻIolani"},
		"Navajo": {"Łįį́ʼ"}, "Khoekhoe": {"ǃGontes", "ǁGaroëb"}, "Azerbaijani": {"Əli Məmmədov"}, "Uzbek": {"Oʻgʻiloy"},
		"Russian": {"Алёна Щёкина", "Наталья"}, "Ukrainian": {"Дар'я Їжак", "Дар’я", "Григорій"}, "Serbian": {"Ђорђе Љубић"}, "Kazakh": {"Әсел Құнанбай"},
		"Greek": {"Σοφία Παπαδοπούλου", "Ἀλέξανδρος"}, "Armenian": {"Հայկ Մկրտչյան", "Արև"}, "Georgian": {"გიორგი ქართველი"},
		"Hebrew": {"דוד בן־גוריון", "שָׁלוֹם", "צַ׳רְלִי", "רש״י", "יִשְׂרָאֵל"}, "Yiddish": {"מאָטל", "ײַנקל"}, "Arabic": {"محمد علي", "عبدالله", "مُحَمَّد", "فاطمة الزّهراء", "محـمد"},
		"Persian": {"زهرا", "گل\u200cناز", "می\u200cترا", "علی\u200cرضا"}, "Urdu": {"فاطمہ"}, "Kurdish": {"ژیان"}, "Pashto": {"ښایسته"}, "Syriac": {"ܝܘܚܢܢ"}, "Dhivehi": {"އާދަމް"},
		"Hindi": {"श्रीदेवी", "क्षत्रिय कुमारी", "राज\u094d\u200dय", "कृष्ण"}, "Marathi": {"सई ताम्हणकर"}, "Nepali": {"सुष्मा"}, "Bengali": {"রবীন্দ্রনাথ", "ৎসাই", "ক\u09cd\u200cষ"},
		"Gujarati": {"મોહનદાસ"}, "Punjabi": {"ਗੁਰਪ੍ਰੀਤ"}, "Odia": {"ଜଗନ୍ନାଥ"}, "Tamil": {"தமிழ்ச்செல்வி", "கு. அழகிரிசாமி"}, "Telugu": {"శ్రీనివాస్"}, "Kannada": {"ಕುವೆಂಪು", "ರ\u0ccd\u200dಯ"},
		"Malayalam": {"ശ്രീകുമാർ", "ന\u0d4d\u200dഅനിൽ", "അരുണ\u0d4d\u200d"}, "Sinhala": {"ශ\u0dca\u200dරී ලංකා", "ප\u0dca\u200dරියන්ත"}, "Thai": {"สมชาย ใจดี", "น้ำฝน", "ปรีชา", "กี่"},
		"Lao": {"ສົມສັກ"}, "Burmese": {"အောင်ဆန်း", "မြင့်", "ကြွေ"}, "Khmer": {"សុខា", "ស្រីមុំ"}, "Tibetan": {"བསྟན་འཛིན", "སྒྲོལ་མ"}, "Mongolian": {"ᠲᠡᠮᠦᠵᠢᠨ", "Тэмүжин"},
		"Chinese": {"李小龍", "王小明", "阿卜杜拉·艾合買提", "𠮷田", "\U0002EBF0\U00031350\U000323B0"}, "Japanese": {"山田\u3000太郎", "さくら", "ジョン・スミス", "ﾔﾏﾀﾞ", "ヴァーノン", "か\u3099く"}, "Korean": {"김철수", "\u1100\u1175\u11b7", "남궁 민수"},
		"Amharic": {"አበበ ቢቂላ"}, "Tifinagh": {"ⵉⴷⵉⵔ"}, "N'Ko": {"ߊߟߌ"}, "Vai": {"ꕙꔤ"}, "Cherokee": {"ᏍᏏᏉᏯ"}, "Inuktitut": {"ᓄᓇᕗᑦ ᐱᑕ"}, "Adlam": {"𞤀𞤣𞤢𞤥"}, "Balinese": {"ᬓᬢᬸᬢ᭄"}, "Javanese": {"ꦱꦸꦠꦶ"},
		"emoji": {
			"👨\u200d👩\u200d👧", "👩🏽\u200d🚀", "❤\ufe0f\u200d🔥", "🏳\ufe0f\u200d🌈", "🏴\u200d☠\ufe0f", "🧔🏿\u200d♂\ufe0f", "👩🏻\u200d❤\ufe0f\u200d💋\u200d👨🏾", "🇩🇪 Ben", "🇩🇪🇫🇷",
			"🏴\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F Tom", "🏴\U000E0067\U000E0062\U000E0073\U000E0063\U000E0074\U000E007F", "1\ufe0f\u20e3", "#\ufe0f\u20e3 One", "☝🏽", "©\ufe0f Ana", "‼\ufe0f", "☺\ufe0f",
			"Ana \U0001FAE9", "\U0001FAC8", "\U0001F6D8", "👩🏽\u200d\U0001FA8A", "\U0001FAC8\U0001F3FD", // of Unicode 16 and 17
		},
	} {
		for _, name := range names {
			parsed, err := ParseName(name)
			if err != nil {
				t.Errorf("%s: %q (%+q): %v", language, name, name, err)
				continue
			}
			if again, err := ParseName(parsed); err != nil || again != parsed {
				t.Errorf("%s: %q: %+q is parsed as %+q, %v", language, name, parsed, again, err)
			}
			if err := lookOf(parsed).clash(lookOf(parsed)); !errors.Is(err, ErrNameTaken) {
				t.Errorf("%s: %q is not like itself: %v", language, name, err)
			}
		}
	}
}

// An emoji is one character, however it is made.
func TestEmojiCountAsOne(t *testing.T) {
	for _, emoji := range []string{"🦊", "❤\ufe0f", "👍🏽", "🇩🇪", "1\ufe0f\u20e3", "👨\u200d👩\u200d👧", "👩🏽\u200d🚀"} {
		name := ""
		for range 20 {
			if len([]rune(name+emoji)) > maxNameRunes {
				break
			}
			name += emoji
		}
		if _, err := ParseName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// Nothing else that is invisible gets into a name: it could be somebody else's, or
// turn the text around it.
func TestInvisible(t *testing.T) {
	for what, name := range map[string]string{
		"joiner at the beginning":                 "\u200dAna",
		"joiner at the end":                       "Ana\u200d",
		"joiner alone":                            "\u200d",
		"non-joiner in Latin letters":             "An\u200ca",
		"non-joiner at the end of Persian":        "می\u200c",
		"non-joiner after a letter without a tie": "را\u200cم",
		"two non-joiners":                         "می\u200c\u200cنا",
		"joiner in Arabic letters":                "مح\u200dمد",
		"joiner without virama":                   "क\u200dष",
		"joiner after an emoji only":              "🦊\u200d",
		"joiner between an emoji and a letter":    "🦊\u200dA",
		"joiner between a letter and an emoji":    "A\u200d🦊",
		"two joiners":                             "👨\u200d\u200d👩",
		"joiner before a skin tone":               "👍\u200d🏽",
		"joiner between flags":                    "🇩🇪\u200d🇫🇷",
		"style after a skin tone":                 "👍🏽\ufe0f",
		"two styles":                              "❤\ufe0f\ufe0f",
		"style on a letter":                       "A\ufe0f",
		"style before a joiner in letters":        "क\u094d\ufe0f\u200dष",
		"text style":                              "❤\ufe0e",
		"tags without a flag":                     "A\U000E0067\U000E0062\U000E007F",
		"tags that spell something else":          "🏴\U000E0068\U000E0069\U000E007F",
		"tags without their end":                  "🏴\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067",
		"end of tags alone":                       "🏴\U000E007F",
		"language tag":                            "\U000E0001Ana",
		"zero-width space":                        "An\u200ba",
		"word joiner":                             "An\u2060a",
		"byte order mark":                         "\ufeffAna",
		"soft hyphen":                             "An\u00ada",
		"left-to-right mark":                      "Ana\u200e",
		"right-to-left mark":                      "Ana\u200f",
		"Arabic letter mark":                      "Ana\u061c",
		"left-to-right embedding":                 "\u202aAna\u202c",
		"right-to-left override":                  "\u202eanA",
		"isolates":                                "\u2066Ana\u2069",
		"first strong isolate":                    "\u2068Ana",
		"invisible times":                         "A\u2062",
		"function application":                    "A\u2061",
		"Mongolian vowel separator":               "A\u180e",
		"Mongolian selector":                      "A\u180b",
		"grapheme joiner":                         "A\u034f",
		"Hangul fillers":                          "\u115f\u1160",
		"Khmer inherent vowel":                    "\u1780\u17b4",
		"interlinear annotation":                  "A\ufff9",
		"musical beam":                            "A\U0001d173",
		"shorthand overlap":                       "A\U0001bca0",
		"deprecated format":                       "A\u206a",
		"surrogate, encoded":                      "A\xed\xa0\x8d",
		"ideographic selector":                    "葛\U000E0101",
	} {
		_, err := ParseName(name)
		if bad := (*NameError)(nil); !errors.As(err, &bad) || bad.Problem != NameBadCharacter {
			t.Errorf("%s: %+q: %v", what, name, err)
		}
	}
}
