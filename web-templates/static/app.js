// What script adds to pages that work without it: show the password, choose the scheme, send a form once, go on by itself.
(function () {
  "use strict";
  var root = document.documentElement;

  document.querySelectorAll("[data-reveal]").forEach(function (button) {
    var input = document.getElementById(button.dataset.reveal);
    function reveal(shown) {
      input.type = shown ? "text" : "password";
      button.textContent = shown ? button.dataset.hide : button.dataset.show;
      button.setAttribute("aria-label", button.textContent + ": " + input.labels[0].textContent);
    }
    reveal(false);
    button.hidden = false;
    button.addEventListener("click", function () {
      reveal(input.type === "password");
      input.focus();
    });
    // A browser remembers the text of visible fields; a password must not be among them.
    input.form.addEventListener("submit", function () { reveal(false); });
  });

  document.querySelectorAll("[data-theme-switch]").forEach(function (button) {
    var preferred = window.matchMedia("(prefers-color-scheme: dark)");
    function current() { return root.dataset.theme || (preferred.matches ? "dark" : "light"); }
    function label() { button.textContent = current() === "dark" ? button.dataset.light : button.dataset.dark; }
    button.addEventListener("click", function () {
      var chosen = current() === "dark" ? "light" : "dark";
      var automatic = chosen === (preferred.matches ? "dark" : "light");
      if (automatic) delete root.dataset.theme; else root.dataset.theme = chosen;
      document.cookie = "pal_theme=" + chosen + ";path=" + button.dataset.path + ";samesite=lax;max-age=" +
        (automatic ? 0 : 31536000) + (location.protocol === "https:" ? ";secure" : "");
      label();
    });
    preferred.addEventListener("change", label);
    label();
    button.hidden = false;
  });

  document.querySelectorAll("form[data-once]").forEach(function (form) {
    function sent(yes) {
      form.toggleAttribute("data-sent", yes);
      form.querySelectorAll("[type=submit]").forEach(function (button) { button.setAttribute("aria-disabled", String(yes)); });
    }
    form.addEventListener("submit", function (event) {
      if (form.hasAttribute("data-sent")) { event.preventDefault(); return; }
      sent(true);
      // If no answer comes, the form can be sent again.
      setTimeout(function () { sent(false); }, 10000);
    });
    // The back button brings the page as it was left.
    window.addEventListener("pageshow", function () { sent(false); });
  });

  // Signed out: on when the frames have told the applications, or when they take too long.
  document.querySelectorAll("a[data-continue]").forEach(function (link) {
    function go() { location.replace(link.href); }
    window.addEventListener("load", go);
    setTimeout(go, 5000);
  });

  var summary = document.querySelector(".summary");
  if (summary) summary.focus();
})();
