//! A page and its form, as a person sees them.

use scraper::{ElementRef, Html, Selector};

use crate::wire::Answer;

/// A page of ours.
#[derive(Clone, Debug)]
pub struct Page {
    /// Where it is.
    pub url: String,
    /// Its status.
    pub status: u16,
    /// Its HTML.
    pub html: String,
}

/// A form, as it is filled in.
#[derive(Clone, Debug)]
pub struct Form {
    action: String,
    fields: Vec<Field>,
    buttons: Vec<(String, String)>,
}

#[derive(Clone, Debug)]
struct Field {
    name: String,
    value: String,
    /// Of a box.
    ticked: Option<bool>,
}

impl Page {
    pub(super) fn new(url: String, answer: &Answer) -> Self {
        Self { url, status: answer.status, html: answer.body.clone() }
    }

    /// The words of the heading.
    pub fn heading(&self) -> String {
        self.texts("h1").into_iter().next().unwrap_or_default()
    }

    /// All words of what is meant to be read.
    pub fn text(&self) -> String {
        self.texts("main").join(" ")
    }

    /// What is announced as wrong.
    pub fn alert(&self) -> String {
        self.texts("[role=alert]").join(" ")
    }

    /// The words of everything that a selector finds.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        let html = Html::parse_document(&self.html);
        html.select(&parsed(selector)).map(words).collect()
    }

    /// An attribute of everything that a selector finds.
    pub fn attributes(&self, selector: &str, name: &str) -> Vec<String> {
        let html = Html::parse_document(&self.html);
        html.select(&parsed(selector)).filter_map(|element| element.attr(name)).map(str::to_owned).collect()
    }

    /// Its form.
    #[track_caller]
    pub fn form(&self) -> Form {
        self.form_if_any().unwrap_or_else(|| panic!("no form at {}: {} {}", self.url, self.status, self.text()))
    }

    /// Its first form, if it has one.
    pub fn form_if_any(&self) -> Option<Form> {
        self.forms().into_iter().next()
    }

    /// The forms with this button.
    pub fn forms_with(&self, button: &str) -> Vec<Form> {
        self.forms().into_iter().filter(|form| form.has_button(button)).collect()
    }

    /// The one form with this button.
    #[track_caller]
    pub fn form_with(&self, button: &str) -> Form {
        let mut forms = self.forms_with(button);
        assert_eq!(forms.len(), 1, "forms with {button} at {}: {} {}", self.url, self.status, self.text());
        forms.remove(0)
    }

    fn forms(&self) -> Vec<Form> {
        let html = Html::parse_document(&self.html);
        html.select(&parsed("form")).map(form).collect()
    }
}

fn form(form: ElementRef<'_>) -> Form {
    assert_eq!(form.attr("method"), Some("post"), "our forms are posted");
    Form {
        action: form.attr("action").expect("an action").to_owned(),
        fields: form.select(&parsed("input[name], select[name], textarea[name]")).map(field).collect(),
        buttons: form
            .select(&parsed("button[name]"))
            .map(|button| (attribute(button, "name"), attribute(button, "value")))
            .collect(),
    }
}

impl Form {
    /// Where it goes.
    pub fn action(&self) -> &str {
        &self.action
    }

    /// Whether it has this button.
    pub fn has_button(&self, name: &str) -> bool {
        self.buttons.iter().any(|(found, _)| found == name)
    }

    /// What stands in a field.
    #[track_caller]
    pub fn value(&self, name: &str) -> &str {
        let field = self.fields.iter().find(|field| field.name == name);
        &field.unwrap_or_else(|| panic!("no field {name}")).value
    }

    /// Types into a field.
    #[must_use]
    #[track_caller]
    pub fn fill(mut self, name: &str, value: &str) -> Self {
        let field = self.fields.iter_mut().find(|field| field.name == name && field.ticked.is_none());
        value.clone_into(&mut field.unwrap_or_else(|| panic!("no field {name}")).value);
        self
    }

    /// Ticks a box, or takes its tick away.
    #[must_use]
    #[track_caller]
    pub fn tick(mut self, name: &str, value: &str, ticked: bool) -> Self {
        let is_it = |field: &&mut Field| field.name == name && field.value == value && field.ticked.is_some();
        let field = self.fields.iter_mut().find(is_it).unwrap_or_else(|| panic!("no box {name} {value}"));
        field.ticked = Some(ticked);
        self
    }

    /// The values of all boxes of that name.
    pub fn boxes(&self, name: &str) -> Vec<&str> {
        let boxes = self.fields.iter().filter(|field| field.name == name && field.ticked.is_some());
        boxes.map(|field| field.value.as_str()).collect()
    }

    /// What is sent without a button.
    pub fn fields(&self) -> Vec<(String, String)> {
        let sent = self.fields.iter().filter(|field| field.ticked != Some(false));
        sent.map(|field| (field.name.clone(), with_crlf(&field.value))).collect()
    }

    /// What is sent when the button is pressed.
    #[track_caller]
    pub fn pressed(&self, button: &str) -> Vec<(String, String)> {
        let button =
            self.buttons.iter().find(|(name, _)| name == button).unwrap_or_else(|| panic!("no button {button}"));
        let mut fields = self.fields();
        fields.push(button.clone());
        fields
    }
}

/// Browsers send every line break of a form's value as CR LF.
fn with_crlf(value: &str) -> String {
    value.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n")
}

fn field(input: ElementRef<'_>) -> Field {
    let is_box = input.attr("type") == Some("checkbox");
    let value = match input.value().name() {
        // The first line break after the tag is none of the text.
        "textarea" => input.text().collect::<String>(),
        "select" => {
            let chosen = input.select(&parsed("option[selected]")).next();
            chosen.map(|option| attribute(option, "value")).unwrap_or_default()
        }
        _ => attribute(input, "value"),
    };
    Field { name: attribute(input, "name"), value, ticked: is_box.then(|| input.attr("checked").is_some()) }
}

fn attribute(element: ElementRef<'_>, name: &str) -> String {
    element.attr(name).unwrap_or_default().to_owned()
}

/// The words of an element. Marks that isolate the direction of a name are no words.
fn words(element: ElementRef<'_>) -> String {
    let text: String = element.text().collect();
    let text: String = text.chars().filter(|c| !matches!(c, '\u{2066}'..='\u{2069}')).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn parsed(selector: &str) -> Selector {
    Selector::parse(selector).expect("a selector")
}
