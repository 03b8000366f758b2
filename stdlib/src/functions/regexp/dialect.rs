//! From the dialect of RE2 to that of the `regex` crate, which has the same engine but other letters
//! (functions.md §19.2).

/// What is wrong with a pattern, and which part of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}: `{part}`")]
pub(super) struct DialectError {
    reason: &'static str,
    part: String,
}

/// Writes the pattern so that the `regex` crate means the same by it.
///
/// # Errors
/// If the dialect does not have what the pattern asks for.
pub(super) fn translate(pattern: &str) -> Result<String, DialectError> {
    let mut translator = Translator {
        pattern,
        at: 0,
        out: String::with_capacity(pattern.len() * 2),
        groups: vec![Group::default()],
    };
    translator.expression()?;
    Ok(translator.out)
}

/// A repetition more often than this, also by nesting, is refused.
const MAX_REPEAT: u32 = 1000;

struct Translator<'p> {
    pattern: &'p str,
    at: usize,
    out: String,
    /// The groups that are open, the whole pattern first.
    groups: Vec<Group>,
}

/// What is known of an open group.
#[derive(Default)]
struct Group {
    /// Where it starts in the pattern.
    start: usize,
    /// How often its parts repeat at most.
    repeat: u32,
    /// How often the parts of the last item repeat, if there is an item that can be repeated.
    item: Option<u32>,
    /// Where the last repetition starts, if it is the last thing.
    operator: Option<usize>,
}

const DIGITS: &str = "0-9";
const SPACES: &str = r"\t\n\x0C\r ";
const WORDS: &str = "0-9A-Za-z_";

impl<'p> Translator<'p> {
    fn expression(&mut self) -> Result<(), DialectError> {
        while let Some(c) = self.peek() {
            let start = self.at;
            match c {
                '(' => self.open()?,
                ')' => self.close()?,
                '|' => {
                    self.next();
                    self.out.push('|');
                    let group = self.group();
                    (group.item, group.operator) = (None, None);
                }
                '[' => {
                    self.class()?;
                    self.item(1);
                }
                '*' | '+' | '?' => {
                    self.next();
                    self.repetition(start, 1)?;
                }
                '{' => match self.count() {
                    Some((len, times)) => {
                        self.at += len;
                        let times = times.filter(|times| *times <= MAX_REPEAT);
                        let times =
                            times.ok_or_else(|| self.error("invalid repeat count", start))?;
                        self.repetition(start, times)?;
                    }
                    None => self.literal(),
                },
                '.' | '^' | '$' => {
                    self.next();
                    self.out.push(c);
                    self.item(1);
                }
                '\\' => self.escape()?,
                _ => self.literal(),
            }
        }
        match self.groups.len() {
            1 => Ok(()),
            _ => {
                let start = self.group().start;
                Err(self.error("missing closing )", start))
            }
        }
    }

    fn rest(&self) -> &'p str {
        &self.pattern[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    /// An error about what was read since `start`.
    fn error(&self, reason: &'static str, start: usize) -> DialectError {
        DialectError {
            reason,
            part: self.pattern[start..self.at.max(start)].to_owned(),
        }
    }

    fn group(&mut self) -> &mut Group {
        if self.groups.is_empty() {
            self.groups.push(Group::default());
        }
        let last = self.groups.len() - 1;
        &mut self.groups[last]
    }

    /// Notes an item that can be repeated, and how often its own parts repeat.
    fn item(&mut self, repeat: u32) {
        let group = self.group();
        group.repeat = group.repeat.max(repeat);
        (group.item, group.operator) = (Some(repeat), None);
    }

    /// The next character stands for itself.
    fn literal(&mut self) {
        if let Some(c) = self.next() {
            self.push_literal(c);
            self.item(1);
        }
    }

    fn push_literal(&mut self, c: char) {
        self.out
            .push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
    }

    /// A repetition whose operator has just been read.
    fn repetition(&mut self, start: usize, times: u32) -> Result<(), DialectError> {
        if let Some(before) = self.group().operator {
            return Err(self.error("invalid nested repetition operator", before));
        }
        let Some(inner) = self.group().item else {
            return Err(self.error("missing argument to repetition operator", start));
        };
        let repeat = inner.saturating_mul(times.max(1));
        if repeat > MAX_REPEAT {
            return Err(self.error("invalid repeat count", start));
        }
        self.eat("?");
        self.out.push_str(&self.pattern[start..self.at]);
        self.item(repeat);
        self.group().operator = Some(start);
        Ok(())
    }

    /// The length of `{n}`, `{n,}` or `{n,m}`, and the greatest number in it if it makes sense. Other
    /// braces are text.
    fn count(&self) -> Option<(usize, Option<u32>)> {
        let inside = self.rest().strip_prefix('{')?;
        let inside = &inside[..inside.find('}')?];
        let (least, most) = inside.split_once(',').unwrap_or((inside, inside));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if least.is_empty() || !digits(least) || !digits(most) {
            return None;
        }
        let number = |text: &str| text.parse().unwrap_or(u32::MAX);
        let least = number(least);
        let most = if most.is_empty() { least } else { number(most) };
        Some((inside.len() + 2, (least <= most).then_some(most)))
    }

    fn open(&mut self) -> Result<(), DialectError> {
        let start = self.at;
        self.next();
        if self.eat("?") {
            let name = if self.eat("P<") || self.eat("<") {
                let end = self.rest().find('>');
                let end = end.ok_or_else(|| self.unsupported(start))?;
                let name = &self.rest()[..end];
                self.at += end + 1;
                let sound = name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
                if name.is_empty() || !sound {
                    return Err(self.error("invalid named capture", start));
                }
                Some(name)
            } else {
                None
            };
            match name {
                // The other dialect wants a letter first, and nothing reads the names of these groups.
                Some(name) if name.starts_with(|c: char| c.is_ascii_digit()) => self.out.push('('),
                Some(name) => {
                    self.out.push_str("(?P<");
                    self.out.push_str(name);
                    self.out.push('>');
                }
                None => return self.flags(start),
            }
        } else {
            self.out.push('(');
        }
        self.push_group(start);
        Ok(())
    }

    fn push_group(&mut self, start: usize) {
        self.groups.push(Group {
            start,
            ..Group::default()
        });
    }

    /// `(?flags)` or `(?flags:...)`.
    fn flags(&mut self, start: usize) -> Result<(), DialectError> {
        let text = self.rest();
        let len = text
            .find(|c: char| !"imsU-".contains(c))
            .unwrap_or(text.len());
        let flags = &text[..len];
        self.at += len;
        let dangling = flags.ends_with('-') || flags.matches('-').count() > 1;
        match self.next() {
            Some(':') if !dangling => {
                self.out.push_str("(?");
                self.out.push_str(flags);
                self.out.push(':');
                self.push_group(start);
                Ok(())
            }
            Some(')') if !dangling && !flags.is_empty() => {
                self.out.push_str("(?");
                self.out.push_str(flags);
                self.out.push(')');
                let group = self.group();
                (group.item, group.operator) = (None, None);
                Ok(())
            }
            _ => Err(self.unsupported(start)),
        }
    }

    fn unsupported(&self, start: usize) -> DialectError {
        self.error("invalid or unsupported Perl syntax", start)
    }

    fn close(&mut self) -> Result<(), DialectError> {
        let start = self.at;
        self.next();
        if self.groups.len() < 2 {
            return Err(self.error("unexpected )", start));
        }
        let repeat = self.groups.pop().map_or(1, |group| group.repeat.max(1));
        self.out.push(')');
        self.item(repeat);
        Ok(())
    }

    /// An escape outside of brackets.
    fn escape(&mut self) -> Result<(), DialectError> {
        let start = self.at;
        if self.eat(r"\Q") {
            let end = self.rest().find(r"\E");
            let quoted = &self.rest()[..end.unwrap_or(self.rest().len())];
            while self.at < start + 2 + quoted.len() {
                self.literal();
            }
            self.eat(r"\E");
            return Ok(());
        }
        for (escape, meaning) in [
            (r"\A", r"\A"),
            (r"\z", r"\z"),
            (r"\b", r"(?-u:\b)"),
            (r"\B", r"(?-u:\B)"),
        ] {
            if self.eat(escape) {
                self.out.push_str(meaning);
                self.item(1);
                return Ok(());
            }
        }
        if let Some((negated, members)) = self.perl_class() {
            // Classes of ASCII characters stay in ASCII even where case does not matter.
            let negation = if negated { "^" } else { "" };
            self.out.push_str(&format!("(?-i:[{negation}{members}])"));
        } else if let Some(class) = self.unicode_class()? {
            self.out.push_str(&class);
        } else {
            let c = self.escaped_character()?;
            self.push_literal(c);
        }
        self.item(1);
        Ok(())
    }

    /// `\d` and its like: whether it is the opposite, and the members.
    fn perl_class(&mut self) -> Option<(bool, &'static str)> {
        [
            (r"\d", false, DIGITS),
            (r"\D", true, DIGITS),
            (r"\s", false, SPACES),
            (r"\S", true, SPACES),
            (r"\w", false, WORDS),
            (r"\W", true, WORDS),
        ]
        .into_iter()
        .find(|(escape, ..)| self.eat(escape))
        .map(|(_, negated, members)| (negated, members))
    }

    /// `\pL`, `\p{Greek}` and their opposites, in the other dialect.
    fn unicode_class(&mut self) -> Result<Option<String>, DialectError> {
        let start = self.at;
        let mut negated = if self.eat(r"\p") {
            false
        } else if self.eat(r"\P") {
            true
        } else {
            return Ok(None);
        };
        let name = if self.eat("{") {
            let end = self.rest().find('}');
            let end = end.ok_or_else(|| self.error("invalid character class range", start))?;
            let name = &self.rest()[..end];
            self.at += end + 1;
            name
        } else {
            let name = self.rest();
            let len = self.next().map_or(0, char::len_utf8);
            &name[..len]
        };
        let name = match name.strip_prefix('^') {
            Some(name) => {
                negated = !negated;
                name
            }
            None => name,
        };
        if name.is_empty()
            || !name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        {
            return Err(self.error("invalid character class range", start));
        }
        let escape = if negated { 'P' } else { 'p' };
        Ok(Some(format!("\\{escape}{{{name}}}")))
    }

    /// An escape that stands for one character.
    fn escaped_character(&mut self) -> Result<char, DialectError> {
        let start = self.at;
        self.next();
        let Some(c) = self.next() else {
            return Err(self.error(
                "trailing backslash at end of expression",
                self.pattern.len(),
            ));
        };
        let code = match c {
            'a' => 7,
            'f' => 12,
            't' => 9,
            'n' => 10,
            'r' => 13,
            'v' => 11,
            '1'..='7' if !self.rest().starts_with(|c: char| ('0'..='7').contains(&c)) => {
                return Err(self.error("invalid escape sequence", start));
            }
            '0'..='7' => {
                let digits = self.rest().bytes().take(2);
                let len = digits
                    .take_while(|digit| (b'0'..=b'7').contains(digit))
                    .count();
                self.at += len;
                // One to three octal digits.
                u32::from_str_radix(&self.pattern[start + 1..self.at], 8).unwrap_or(0)
            }
            'x' => {
                let digits = if self.eat("{") {
                    let end = self.rest().find('}').unwrap_or(0);
                    let digits = &self.rest()[..end];
                    self.at = (self.at + end + 1).min(self.pattern.len());
                    digits
                } else {
                    let len: usize = self.rest().chars().take(2).map(char::len_utf8).sum();
                    let digits = &self.rest()[..len];
                    self.at += len;
                    if len == 2 { digits } else { "" }
                };
                let sound = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
                u32::from_str_radix(digits, 16)
                    .ok()
                    .filter(|_| sound)
                    .ok_or_else(|| self.error("invalid escape sequence", start))?
            }
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => c.into(),
            _ => return Err(self.error("invalid escape sequence", start)),
        };
        char::from_u32(code).ok_or_else(|| self.error("invalid escape sequence", start))
    }

    /// A class in brackets.
    fn class(&mut self) -> Result<(), DialectError> {
        let start = self.at;
        self.next();
        self.out.push('[');
        if self.eat("^") {
            self.out.push('^');
        }
        let mut first = true;
        loop {
            match self.peek() {
                None => return Err(self.error("missing closing ]", start)),
                Some(']') if !first => {
                    self.next();
                    self.out.push(']');
                    return Ok(());
                }
                Some(_) => self.member(start)?,
            }
            first = false;
        }
    }

    /// A member of a class: a class of its own, a character, or a range of them.
    fn member(&mut self, class: usize) -> Result<(), DialectError> {
        let start = self.at;
        if self.rest().starts_with("[:")
            && let Some(len) = self.rest().find(":]")
        {
            self.at += len + 2;
            let name = &self.pattern[start..self.at];
            if !POSIX.contains(&name.trim_matches(['[', ']', ':', '^'])) {
                return Err(self.error("invalid character class range", start));
            }
            self.out.push_str(name);
            return Ok(());
        }
        if let Some((negated, members)) = self.perl_class() {
            match negated {
                true => self.out.push_str(&format!("[^{members}]")),
                false => self.out.push_str(members),
            }
            return Ok(());
        }
        if let Some(unicode) = self.unicode_class()? {
            self.out.push_str(&unicode);
            return Ok(());
        }
        let low = self.member_character(class)?;
        self.push_member(low);
        if self.rest().starts_with('-') && !self.rest().starts_with("-]") && self.rest().len() > 1 {
            self.next();
            let high = self.member_character(class)?;
            if high < low {
                return Err(self.error("invalid character class range", start));
            }
            self.out.push('-');
            self.push_member(high);
        }
        Ok(())
    }

    fn member_character(&mut self, class: usize) -> Result<char, DialectError> {
        match self.peek() {
            Some('\\') => self.escaped_character(),
            Some(c) => {
                self.next();
                Ok(c)
            }
            None => Err(self.error("missing closing ]", class)),
        }
    }

    /// A character in brackets, where the other dialect has operators that this one has not.
    fn push_member(&mut self, c: char) {
        if c.is_ascii_punctuation() {
            self.out.push_str(&format!("\\x{:02X}", c as u32));
        } else {
            self.out.push(c);
        }
    }
}

const POSIX: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

#[cfg(test)]
mod tests {
    use super::*;
    use regex::bytes::Regex;

    fn matches(pattern: &str, s: &str) -> bool {
        let translated = translate(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
        Regex::new(&translated)
            .unwrap_or_else(|error| panic!("{pattern}: {error}"))
            .is_match(s.as_bytes())
    }

    #[test]
    fn classes_are_of_ascii() {
        for (pattern, s, expected) in [
            (r"^\d$", "٣", false),
            (r"^\D$", "٣", true),
            (r"^\w$", "é", false),
            (r"^\W$", "é", true),
            (r"\s", "\u{b}", false),
            (r"\s", "\u{a0}", false),
            (r"[\s]", "\r", true),
            (r"^[\W]$", "é", true),
            (r"^[^\W]$", "é", false),
            (r"(?i)^\w$", "\u{212a}", false),
            (r"\bé", "é", false),
            (r"a\b", "aé", true),
            (r"^[[:alpha:]]$", "é", false),
            (r"^[[:^alpha:]]$", "é", true),
            (r"^\pL\p{Greek}\PN$", "éσx", true),
            (r"^\p{^Lu}$", "a", true),
            ("(?i)σ", "ς", true),
        ] {
            assert_eq!(matches(pattern, s), expected, "{pattern} {s}");
        }
    }

    #[test]
    fn brackets_have_no_operators() {
        for (pattern, s, expected) in [
            ("^[a&&b]+$", "a&b", true),
            ("^[+--]$", ",", true),
            ("^[a~~b]$", "~", true),
            ("^[[a]$", "[", true),
            ("^[]a]$", "]", true),
            ("^[^]a]$", "b", true),
            ("^[a-]$", "-", true),
            ("^[-a]$", "-", true),
            (r"^[\]\-\\]+$", r"]-\", true),
            ("^[^a]$", "\n", true),
        ] {
            assert_eq!(matches(pattern, s), expected, "{pattern} {s}");
        }
    }

    #[test]
    fn escapes() {
        for (pattern, s) in [
            (r"^\101\x42\x{1F600}$", "AB😀"),
            (r"^\Qa.b[\E+$", "a.b[["),
            (r"^\Qa.*", "a.*"),
            (r"^\<\>\@$", "<>@"),
            (r"\A\a\f\t\n\r\v\z", "\x07\x0c\t\n\r\x0b"),
            (r"^\00$", "\0"),
            (r"^a\ \_\-$", "a _-"),
            (r"^\x7F$", "\x7f"),
            (r"^\12\1234$", "\nS4"),
        ] {
            assert!(matches(pattern, s), "{pattern}");
        }
    }

    #[test]
    fn repetitions_and_groups() {
        for (pattern, s) in [
            ("^a{2,3}?$", "aa"),
            ("^a{,2}$", "a{,2}"),
            ("^a{$", "a{"),
            ("^x{2}y{0}$", "xx"),
            ("^(?P<n>a)(?<m>b)(?:c)$", "abc"),
            ("(?i:A)b", "ab"),
            ("(?s-i).", "\n"),
            ("(?U)a+", "a"),
            ("^(|a)$", ""),
            ("(?:a{10}){100}", &"a".repeat(1000)),
        ] {
            assert!(matches(pattern, s), "{pattern}");
        }
        assert!(!matches("a$", "a\n"));
    }

    #[test]
    fn refusals() {
        for (pattern, error) in [
            ("a**", "invalid nested repetition operator: `**`"),
            ("a+?*", "invalid nested repetition operator: `+?*`"),
            ("*", "missing argument to repetition operator: `*`"),
            ("(*)", "missing argument to repetition operator: `*`"),
            ("a{1001}", "invalid repeat count: `{1001}`"),
            ("a{2,1}", "invalid repeat count: `{2,1}`"),
            ("(a{100}){11}", "invalid repeat count: `{11}`"),
            ("(", "missing closing ): `(`"),
            (")", "unexpected ): `)`"),
            ("[a", "missing closing ]: `[a`"),
            ("[z-a]", "invalid character class range: `z-a`"),
            ("[[:nope:]]", "invalid character class range: `[:nope:]`"),
            ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
            ("(?x)", "invalid or unsupported Perl syntax: `(?x`"),
            ("(?i", "invalid or unsupported Perl syntax: `(?i`"),
            (r"\1", r"invalid escape sequence: `\1`"),
            (r"\C", r"invalid escape sequence: `\C`"),
            (r"\Z", r"invalid escape sequence: `\Z`"),
            (r"\x4", r"invalid escape sequence: `\x4`"),
            ("a\\", "trailing backslash at end of expression: ``"),
        ] {
            let found = translate(pattern).map_err(|error| error.to_string());
            assert_eq!(found, Err(error.to_owned()), "{pattern}");
        }
    }
}
