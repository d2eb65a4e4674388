// What a person without script sees of a page: its forms, ready to be filled in and sent.

const NAMED = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' }
const TAG = /<(\/?)(form|input|button|select|textarea)\b((?:[^>"']|"[^"]*"|'[^']*')*)>/gi
const ATTRIBUTE = /([^\s=/]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g

/** Text of an attribute or a page, with its character references resolved. */
export function decodeEntities(text) {
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (whole, decimal, hexadecimal, name) => {
    if (decimal) return String.fromCodePoint(Number(decimal))
    if (hexadecimal) return String.fromCodePoint(Number.parseInt(hexadecimal, 16))
    return NAMED[name] ?? whole
  })
}

/**
 * A form of a page.
 *
 * @typedef {object} Form
 * @property {URL} action
 * @property {string} method                      `get` or `post`
 * @property {URLSearchParams} fields              what is sent if nobody touches the form
 * @property {Map<string, string>} buttons        name → value of the named submit buttons
 * @property {Set<string>} inputs                 names of all inputs, empty ones too
 */

/**
 * The forms of a page, in order.
 *
 * @param {string} html
 * @param {URL} base  the page's own address
 * @returns {Form[]}
 */
export function formsOf(html, base) {
  const forms = []
  let form
  for (const [, closing, tag, rest] of html.replace(/<script\b.*?<\/script>|<!--.*?-->/gis, '').matchAll(TAG)) {
    const element = tag.toLowerCase()
    if (element === 'form') {
      form = closing ? undefined : newForm(attributesOf(rest), base)
      if (form) forms.push(form)
    } else if (form && !closing) {
      addControl(form, element, attributesOf(rest))
    }
  }
  return forms
}

function attributesOf(text) {
  const attributes = {}
  for (const [, name, double, single, bare] of text.matchAll(ATTRIBUTE)) {
    attributes[name.toLowerCase()] = decodeEntities(double ?? single ?? bare ?? '')
  }
  return attributes
}

function newForm({ action, method }, base) {
  return {
    action: new URL(action || base.href, base),
    method: (method ?? 'get').toLowerCase(),
    fields: new URLSearchParams(),
    buttons: new Map(),
    inputs: new Set(),
  }
}

function addControl(form, element, { name, value, type = element === 'button' ? 'submit' : 'text', checked }) {
  if (!name) return
  if (type === 'submit') {
    form.buttons.set(name, value ?? '')
    return
  }
  form.inputs.add(name)
  const box = type === 'checkbox' || type === 'radio'
  if (!box || checked !== undefined) form.fields.append(name, value ?? (box ? 'on' : ''))
}
