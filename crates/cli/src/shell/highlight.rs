//! Colours for what is typed.

use crate::script::{Text, items};
use aliasd_cypher::{PieceKind, pieces};
use nu_ansi_term::{Color, Style};
use reedline::StyledText;

/// Longer texts stay plain: every key would look at all of it.
const BYTES_MAX: usize = 32 * 1024;

/// Gives words their colours. Makes nothing bold or invisible that a person has to check before it is sent.
pub(super) struct Highlighter;

impl reedline::Highlighter for Highlighter {
    fn highlight(&self, line: &str, _cursor: usize) -> StyledText {
        let mut styled = StyledText::new();
        if line.len() > BYTES_MAX {
            styled.push((Style::new(), line.to_owned()));
            return styled;
        }
        let mut done = 0;
        for (begin, end, style) in coloured(line) {
            styled.push((Style::new(), line[done..begin].to_owned()));
            styled.push((style, line[begin..end].to_owned()));
            done = end;
        }
        styled.push((Style::new(), line[done..].to_owned()));
        styled
    }
}

/// The parts of a text that have a colour, in order.
fn coloured(line: &str) -> Vec<(usize, usize, Style)> {
    let mut parts = Vec::new();
    let items = items(line);
    let begins = items.iter().map(|item| item.offset).skip(1).chain([line.len()]);
    for (item, next) in items.iter().zip(begins) {
        match item.text {
            Text::Command(_) => {
                let whole = &line[item.offset..next];
                let word = whole.find(char::is_whitespace).unwrap_or(whole.len());
                parts.push((item.offset, item.offset + word, Style::new().fg(Color::Purple)));
            }
            Text::Statement { .. } | Text::Unclosed(_) => {
                let pieces = pieces(&line[item.offset..next]).into_iter();
                let placed = pieces.map(|(span, kind)| (item.offset + span.start, item.offset + span.end, style(kind)));
                parts.extend(placed);
            }
        }
    }
    parts
}

fn style(kind: PieceKind) -> Style {
    let colour = match kind {
        PieceKind::Keyword => Color::Blue,
        PieceKind::String => Color::Green,
        PieceKind::Number => Color::Cyan,
        PieceKind::Parameter => Color::Yellow,
        PieceKind::Comment => Color::DarkGray,
        PieceKind::Unknown => Color::Red,
        PieceKind::Name | PieceKind::Symbol => return Style::new(),
    };
    Style::new().fg(colour)
}

#[cfg(test)]
mod tests {
    use reedline::Highlighter as _;

    use super::*;

    #[test]
    fn the_text_stays_as_it_is() {
        for text in ["", "SHOW 'x", ":param x => 1", "/* c */ A; :exit", "  DROP ROLE `ä` ;; B", "?!"] {
            let styled = Highlighter.highlight(text, 0);
            let plain: String = styled.buffer.iter().map(|(_, part)| part.as_str()).collect();
            assert_eq!(plain, text);
        }
    }

    #[test]
    fn words_have_colours() {
        let line = "DROP ROLE r // x";
        let parts: Vec<_> =
            coloured(line).iter().map(|(begin, end, style)| (&line[*begin..*end], style.foreground)).collect();
        let expected =
            [("DROP", Some(Color::Blue)), ("ROLE", Some(Color::Blue)), ("r", None), ("// x", Some(Color::DarkGray))];
        assert_eq!(parts, expected);
    }
}
