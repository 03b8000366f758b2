//! Random programs for tests, fuzzing and benchmarks.
//!
//! A program is made from a string of bytes: each decides one thing, and when they are used up, the simplest
//! way out is taken. So property tests can shrink a program by shrinking its bytes, and fuzzers
//! can mutate it the same way.

use std::fmt::Write;

/// No generated program is nested deeper.
const MAX_LEVEL: usize = 6;

/// A program without syntax errors, in any form that the grammar allows: blanks, comments, blank lines and
/// line breaks are wherever they may be. Names and types make no sense.
pub fn program(choices: &[u8]) -> String {
    let mut generator = Generator {
        choices: choices.iter(),
        out: String::new(),
        level: 0,
    };
    while generator.has_choices() {
        generator.line_break_or_nothing();
        generator.stmt();
        generator.newline();
    }
    generator.out
}

struct Generator<'a> {
    choices: std::slice::Iter<'a, u8>,
    out: String,
    level: usize,
}

impl Generator<'_> {
    fn has_choices(&self) -> bool {
        !self.choices.as_slice().is_empty()
    }

    /// A number below `count`; 0 when there is nothing left to decide.
    fn choose(&mut self, count: usize) -> usize {
        self.choices
            .next()
            .map_or(0, |choice| usize::from(*choice) % count)
    }

    fn maybe(&mut self) -> bool {
        self.choose(2) == 1
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.choose(from.len())]
    }

    fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// Blanks where they mean nothing.
    fn blank(&mut self) {
        let blank = self.pick(&["", "", "", " ", "  ", "\t"]);
        self.put(blank);
    }

    /// Blanks that separate words.
    fn space(&mut self) {
        let space = self.pick(&[" ", " ", "  ", "\t"]);
        self.put(space);
    }

    fn newline(&mut self) {
        self.blank();
        self.comment();
        self.put("\n");
        self.line_break_or_nothing();
    }

    fn line_break_or_nothing(&mut self) {
        while self.choose(6) == 1 {
            self.blank();
            self.comment();
            self.put("\n");
        }
        self.blank();
    }

    fn comment(&mut self) {
        if self.choose(6) == 1 {
            let comment = self.pick(&["#", "# text", "#é ", "# \"quoted\" {", "## [1,"]);
            self.put(comment);
        }
    }

    fn name(&mut self) {
        let name = self.pick(&[
            "a",
            "b1",
            "some_name",
            "inner",
            "x__y",
            "a_rather_long_name",
        ]);
        self.put(name);
    }

    fn dotted(&mut self) {
        self.name();
        while self.choose(4) == 1 {
            self.blank();
            self.put(".");
            self.blank();
            let word = self.pick(&["c", "map", "collect"]);
            self.put(word);
        }
    }

    fn declared(&mut self) {
        let name = self.pick(&["$a", "$b1", "$ c", "$map", "$collect"]);
        self.put(name);
    }

    fn kind(&mut self) {
        let kind = self.pick(&["file", "docker:image", "a : b:c", "test_kind"]);
        self.put(kind);
    }

    fn capitalized_kind(&mut self) {
        let kind = self.pick(&["File", "Docker:Image", "A : B", "Test_kind1"]);
        self.put(kind);
    }

    // Statements.

    fn stmt(&mut self) {
        if self.level >= MAX_LEVEL {
            return self.bind();
        }
        self.level += 1;
        match self.choose(13) {
            0 => self.bind(),
            1 => {
                if self.maybe() {
                    self.put("collect ");
                }
                self.resource();
            }
            2 => self.edge(),
            3 => {
                self.put("if ");
                self.expr();
                self.block();
                if self.maybe() {
                    self.blank();
                    self.put("else");
                    self.block();
                }
            }
            4 => {
                let word = self.pick(&["for", "forkv"]);
                self.put(word);
                self.space();
                self.declared();
                self.blank();
                self.put(",");
                self.blank();
                self.declared();
                self.put(" in ");
                self.expr();
                self.block();
            }
            5 => {
                self.put("func ");
                self.name();
                self.function();
            }
            6 => {
                self.put("class ");
                self.kind();
                if self.maybe() {
                    self.params();
                }
                self.block();
            }
            7 => {
                self.put("include ");
                self.dotted();
                if self.maybe() {
                    self.args();
                }
                if self.maybe() {
                    self.put(" as ");
                    self.name();
                }
            }
            8 => {
                let import =
                    self.pick(&["import \"fmt\"", "import  \"a/b\" as c", "import \"\" as *"]);
                self.put(import);
            }
            9 => {
                self.put("panic");
                self.args();
            }
            _ => self.bind(),
        }
        self.level -= 1;
    }

    fn bind(&mut self) {
        self.declared();
        self.blank();
        if self.maybe() {
            self.put(" ");
            self.ty();
            self.blank();
            self.put("=");
            self.blank();
            // A literal would have to be of that type.
            self.variable();
        } else {
            self.put("=");
            self.blank();
            self.expr();
        }
    }

    fn block(&mut self) {
        self.blank();
        self.put("{");
        if self.maybe() {
            self.newline();
            while self.has_choices() && self.maybe() {
                self.stmt();
                self.newline();
            }
        }
        self.put("}");
    }

    fn resource(&mut self) {
        self.kind();
        self.space();
        self.expr();
        self.blank();
        self.put("{");
        self.entry_break();
        while self.has_choices() && self.choose(4) != 0 {
            self.entry();
            self.blank();
            self.put(",");
            self.entry_break();
        }
        self.put("}");
    }

    fn entry_break(&mut self) {
        if self.maybe() {
            self.newline();
        }
    }

    fn entry(&mut self) {
        let edge = match self.choose(4) {
            0 => {
                self.name();
                false
            }
            1 => {
                let property = self.pick(&["Before", "Depend", "Notify", "Foo"]);
                self.put(property);
                true
            }
            2 => {
                let meta = self.pick(&["Meta:noop", "Meta : retry"]);
                self.put(meta);
                false
            }
            _ => {
                self.put("Meta");
                false
            }
        };
        self.blank();
        self.put("=>");
        self.blank();
        if self.maybe() {
            self.expr();
            self.blank();
            self.put("?:");
            self.blank();
        }
        if edge {
            self.edge_half();
        } else {
            self.expr();
        }
    }

    fn edge(&mut self) {
        self.edge_half();
        if self.maybe() {
            self.put(".text");
            self.arrow();
            self.edge_half();
            self.put(" . text");
            return;
        }
        while self.maybe() {
            self.arrow();
            self.edge_half();
        }
    }

    fn arrow(&mut self) {
        self.blank();
        self.put("->");
        self.blank();
    }

    fn edge_half(&mut self) {
        self.capitalized_kind();
        self.blank();
        self.put("[");
        self.blank();
        self.expr();
        self.blank();
        self.put("]");
    }

    // Expressions.

    /// Operands with operators between them; never two comparisons without something looser between.
    fn expr(&mut self) {
        self.operand();
        let mut compared = false;
        while self.choose(4) == 1 {
            let operator = self.pick(&[
                "+", "-", "*", "/", "and", "or", "<|>", "==", "!=", "<", ">", "<=", ">=", "in",
            ]);
            let comparison = matches!(operator, "==" | "!=" | "<" | ">" | "<=" | ">=" | "in");
            if comparison && compared {
                continue;
            }
            compared = comparison || (compared && !matches!(operator, "and" | "or" | "<|>"));
            self.space();
            self.put(operator);
            self.space();
            self.operand();
        }
    }

    fn operand(&mut self) {
        while self.choose(8) == 1 {
            self.put("not ");
        }
        self.atom();
        while self.choose(5) == 1 {
            if self.maybe() {
                self.blank();
                self.put("[");
                self.expr();
                self.put("]");
            } else {
                self.arrow();
                self.name();
            }
        }
    }

    fn atom(&mut self) {
        if self.level >= MAX_LEVEL || !self.has_choices() {
            return self.literal();
        }
        self.level += 1;
        match self.choose(12) {
            0 => self.literal(),
            1 => {
                self.sequence("[", "]", Self::expr);
            }
            2 => self.sequence("{", "}", |it| {
                it.expr();
                it.blank();
                it.put("=>");
                it.blank();
                it.expr();
            }),
            3 => {
                self.put("struct");
                self.blank();
                self.sequence("{", "}", |it| {
                    it.name();
                    it.blank();
                    it.put("=>");
                    it.blank();
                    it.expr();
                });
            }
            4 => {
                self.dotted();
                self.args();
            }
            5 => {
                self.variable();
                self.args();
            }
            6 => {
                self.put("func");
                self.function();
                if self.maybe() {
                    self.args();
                }
            }
            7 => {
                self.put("if ");
                self.expr();
                self.body();
                self.put("else");
                self.body();
            }
            8 => {
                self.put("(");
                self.blank();
                self.expr();
                self.blank();
                self.put(")");
            }
            9 => self.variable(),
            _ => self.literal(),
        }
        self.level -= 1;
    }

    fn literal(&mut self) {
        match self.choose(8) {
            0 => self.put("1"),
            1 => self.put("true"),
            2 => self.put("false"),
            3 => {
                let number = self.choose(256);
                // Writing to a string can not fail.
                let _ = write!(self.out, "-{number:03}");
            }
            4 => {
                let float = self.pick(&["0.5", "-1.50", "100000000000000000000000.0", "00.10"]);
                self.put(float);
            }
            _ => {
                let string = self.pick(&[
                    "\"\"",
                    "\"text\"",
                    "\"${a.b} and \\${c}\"",
                    "\"\\\"\\\\\"",
                    "\"two\n\t lines # no comment \"",
                    "\"é and a rather long text\"",
                ]);
                self.put(string);
            }
        }
    }

    fn variable(&mut self) {
        self.put("$");
        self.dotted();
    }

    fn function(&mut self) {
        self.params();
        if self.maybe() {
            self.space();
            self.ty();
        }
        self.body();
    }

    fn body(&mut self) {
        self.blank();
        self.put("{");
        self.body_break();
        self.expr();
        self.body_break();
        self.put("}");
    }

    fn body_break(&mut self) {
        if self.maybe() {
            self.newline();
        } else {
            self.blank();
        }
    }

    fn args(&mut self) {
        self.blank();
        self.sequence("(", ")", Self::expr);
    }

    fn params(&mut self) {
        self.blank();
        self.sequence("(", ")", |it| {
            it.declared();
            if it.maybe() {
                it.space();
                it.ty();
            }
        });
    }

    fn sequence(&mut self, open: &str, close: &str, mut element: impl FnMut(&mut Self)) {
        self.put(open);
        if self.maybe() {
            self.newline();
            while self.has_choices() && self.maybe() {
                element(self);
                self.blank();
                self.put(",");
                self.newline();
            }
        } else {
            let mut first = true;
            while self.has_choices() && self.maybe() {
                if !first {
                    self.put(",");
                }
                first = false;
                self.blank();
                element(self);
                self.blank();
            }
        }
        self.put(close);
    }

    // Types.

    fn ty(&mut self) {
        if self.level >= MAX_LEVEL || !self.has_choices() {
            return self.put("int");
        }
        self.level += 1;
        match self.choose(9) {
            0 => self.put("int"),
            1 => self.put("bool"),
            2 => self.put("str"),
            3 => self.put("float"),
            4 => self.put("variant"),
            5 => {
                self.put("[]");
                self.blank();
                self.ty();
            }
            6 => {
                self.put("map{");
                self.ty();
                self.blank();
                self.put(":");
                self.blank();
                self.ty();
                self.put("}");
            }
            7 => {
                self.put("struct{");
                let count = self.choose(3);
                for (index, field) in ["a", "b", "c"].into_iter().take(count).enumerate() {
                    if index > 0 {
                        self.put(";");
                        self.blank();
                    }
                    self.put(field);
                    self.space();
                    self.ty();
                }
                self.put("}");
            }
            _ => {
                self.put("func");
                let mut names = ["$a ", "$b ", "$c "].into_iter();
                self.sequence("(", ")", move |it| {
                    if it.maybe()
                        && let Some(name) = names.next()
                    {
                        it.put(name);
                    }
                    it.ty();
                });
                self.blank();
                self.ty();
            }
        }
        self.level -= 1;
    }
}
