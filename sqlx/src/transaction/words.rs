//! Finds the words in a statement that would end the transaction.

/// The word that would end or begin a transaction, if a text of SQL (one statement, or several) has one.
///
/// It looks at the first word of each statement. What it can't know (a statement inside of a procedure) is found when the note is
/// to be committed: then it isn't there, or it is open, and the database refuses that.
pub(super) fn ends_transaction(sql: &str) -> Option<String> {
    let mut rest = sql;
    loop {
        rest = skip_blank(rest);
        let first = word(rest);
        if first.is_empty() && rest.is_empty() {
            return None;
        }
        let after = skip_blank(&rest[first.len()..]);
        let second = word(after).to_ascii_uppercase();
        let found = match first.to_ascii_uppercase().as_str() {
            // `ROLLBACK TO part`, or `ROLLBACK TRANSACTION TO part`.
            "ROLLBACK" | "ABORT" => {
                let third = word(skip_blank(&after[second.len()..])).to_ascii_uppercase();
                second != "TO" && third != "TO"
            }
            "COMMIT" | "END" | "BEGIN" | "START" => true,
            "PREPARE" => second == "TRANSACTION",
            // What stands between the `BEGIN` and the `END` of a trigger or a function are no statements of this text.
            "CREATE" => return None,
            _ => false,
        };
        if found {
            return Some(first.to_ascii_uppercase());
        }
        rest = next_statement(rest)?;
    }
}

/// Whether a text may make a savepoint. Wherever the word stands: that it is taken for one too often costs a round trip, once.
pub(super) fn may_make_savepoint(sql: &str) -> bool {
    let word = b"SAVEPOINT";
    sql.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word))
}

fn word(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    &text[..end]
}

/// Passes over blanks, comments and empty statements.
fn skip_blank(mut text: &str) -> &str {
    loop {
        text = text.trim_start_matches(|c: char| c.is_whitespace() || c == ';' || c == '\u{feff}');
        if text.starts_with("--") {
            text = text.find('\n').map_or("", |end| &text[end..]);
        } else if text.starts_with("/*") {
            text = after_comment(text);
        } else {
            return text;
        }
    }
}

/// What comes after a comment at the beginning. PostgreSQL's may be nested.
fn after_comment(text: &str) -> &str {
    let mut depth = 0_u32;
    let bytes = text.as_bytes();
    let mut at = 0;
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"/*" => (depth, at) = (depth + 1, at + 2),
            b"*/" => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return &text[at..];
        }
    }
    ""
}

/// What comes after the next `;` that stands in no quotes and no comment.
fn next_statement(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b';' => return Some(&text[at + 1..]),
            quote @ (b'\'' | b'"' | b'`') => at = after_byte(bytes, at + 1, quote),
            b'-' if bytes.get(at + 1) == Some(&b'-') => at = after_byte(bytes, at + 2, b'\n'),
            b'/' if bytes.get(at + 1) == Some(&b'*') => at = text.len() - after_comment(&text[at..]).len(),
            b'$' => at = after_dollar_quote(text, at),
            _ => at += 1,
        }
    }
    None
}

fn after_byte(bytes: &[u8], from: usize, byte: u8) -> usize {
    bytes[from..].iter().position(|found| *found == byte).map_or(bytes.len(), |position| from + position + 1)
}

/// `$tag$ … $tag$`; a `$1` is passed over as it is.
fn after_dollar_quote(text: &str, at: usize) -> usize {
    let name = word(&text[at + 1..]);
    let end = at + 1 + name.len();
    if name.starts_with(|c: char| c.is_ascii_digit()) || text.as_bytes().get(end) != Some(&b'$') {
        return end;
    }
    let tag = &text[at..=end];
    text[end + 1..].find(tag).map_or(text.len(), |found| end + 1 + found + tag.len())
}

#[cfg(test)]
mod tests {
    use super::ends_transaction;

    #[test]
    fn what_ends_a_transaction_is_found_wherever_it_hides() {
        for (sql, word) in [
            ("COMMIT", "COMMIT"),
            ("  -- now\n commit work;", "COMMIT"),
            ("/* a /* nested */ one */ rollback", "ROLLBACK"),
            ("UPDATE a SET b = 1; END", "END"),
            ("INSERT INTO a VALUES ('it''s; COMMIT', \"x;\"); ; Abort", "ABORT"),
            ("SELECT $$; COMMIT$$; SELECT $1 ; BEGIN", "BEGIN"),
            ("SELECT 1 -- ; nothing\n; START TRANSACTION", "START"),
            ("PREPARE TRANSACTION 'x'", "PREPARE"),
        ] {
            assert_eq!(ends_transaction(sql).as_deref(), Some(word), "{sql}");
        }
    }

    #[test]
    fn all_else_is_left_alone() {
        for sql in [
            "",
            " ; ",
            "SELECT 'COMMIT; COMMIT'",
            "SAVEPOINT part",
            "ROLLBACK TO part",
            "ROLLBACK TRANSACTION TO SAVEPOINT part",
            "RELEASE part",
            "PREPARE statement AS SELECT 1",
            "SELECT $tag$; COMMIT $tag$",
            "UPDATE committed SET commit = 1 /* ; COMMIT */",
            "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END;",
            "SELECT '; unclosed",
            "SELECT $",
        ] {
            assert_eq!(ends_transaction(sql), None, "{sql}");
        }
    }
}
