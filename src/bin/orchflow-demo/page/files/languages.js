// What the light colouring knows of languages: how comments and strings begin, and the keywords.
//
// A language is `{line, spans, quotes, keywords, ignoreCase}`: what begins a comment up to the end of the line;
// comments and strings of several lines as `[begin, end, class]`; the quotes of strings within a line; and its
// keywords.

const C_SPANS = [["/*", "*/", "comment"]];
const words = (text) => new Set(text.trim().split(/\s+/));

const C = words(`
  auto bool break case char class const constexpr continue default delete do double else enum explicit
  extern false final float for friend goto if inline int long namespace new noexcept nullptr operator
  override private protected public register return short signed sizeof static static_cast struct switch
  template this throw true try typedef typename union unsigned using virtual void volatile while NULL size_t
`);
const RUST = words(`
  as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod
  move mut pub ref return self Self static struct super trait true type union unsafe use where while bool
  char f32 f64 i8 i16 i32 i64 i128 isize str u8 u16 u32 u64 u128 usize String Vec Option Some None Result Ok
  Err
`);
const JS = words(`
  abstract as async await break case catch class const continue debugger declare default delete do else enum
  export extends false finally for from function get if implements import in instanceof interface let new
  null of private protected public readonly return set static super switch this throw true try type typeof
  undefined var void while with yield
`);
const GO = words(`
  break case chan const continue default defer else fallthrough false for func go goto if import interface
  iota map nil package range return select struct switch true type var bool byte error float32 float64 int
  int32 int64 rune string uint uint8 uint32 uint64
`);
const JAVA = words(`
  abstract assert boolean break byte case catch char class const continue data default do double else enum
  extends false final finally float for fun if implements import in instanceof int interface internal is
  long native new null object open override package private protected public return sealed short static
  super switch synchronized this throw throws true try val var void volatile when while
`);
const PYTHON = words(`
  False None True and as assert async await break case class continue def del elif else except finally for
  from global if import in is lambda match nonlocal not or pass raise return self try while with yield
`);
const RUBY = words(`
  BEGIN END alias and begin break case class def do else elsif end ensure false for if in module next nil
  not or redo rescue retry return self super then true undef unless until when while yield
`);
const SHELL = words(`
  break case continue do done elif else esac eval exec exit export fi for function if in local readonly
  return select set shift source then trap unset until while
`);
const SQL = words(`
  ADD ALL ALTER AND AS ASC BEGIN BETWEEN BY CASE COMMIT CREATE DEFAULT DELETE DESC DISTINCT DROP ELSE END
  EXISTS FOREIGN FROM GROUP HAVING IN INDEX INNER INSERT INTO IS JOIN KEY LEFT LIKE LIMIT NOT NULL ON OR
  ORDER OUTER PRIMARY REFERENCES RIGHT ROLLBACK SELECT SET TABLE THEN UNION UNIQUE UPDATE VALUES VIEW WHEN
  WHERE WITH
`);
const LUA = words(`
  and break do else elseif end false for function goto if in local nil not or repeat return then true until
  while
`);

const HASKELL = words(`
  case class data deriving do else if import in instance let module newtype of then type where
`);

const cLike = (keywords, more = {}) => ({ line: "//", spans: C_SPANS, quotes: "\"'", keywords, ...more });
const hash = (keywords, more = {}) => ({ line: "#", spans: [], quotes: "\"'", keywords, ...more });
const NONE = new Set();

/** Rust: `'` begins a lifetime more often than a character. */
const rust = cLike(RUST, { quotes: "\"" });
const script = cLike(JS, { spans: [...C_SPANS, ["`", "`", "string"]] });
const markup = { line: null, spans: [["<!--", "-->", "comment"]], quotes: "\"", keywords: NONE };
const python = hash(PYTHON, { spans: [["\"\"\"", "\"\"\"", "string"], ["'''", "'''", "string"]] });
const config = hash(words("true false yes no on off null"));
const sql = { line: "--", spans: C_SPANS, quotes: "\"'", keywords: SQL, ignoreCase: true };

/** C and all that look like it for this purpose have one entry for their extensions. */
const FAMILIES = [
  ["rs", rust], ["c h cc cpp cxx hpp hh m glsl", cLike(C)], ["js mjs cjs jsx ts tsx mts", script],
  ["go", cLike(GO, { spans: [...C_SPANS, ["`", "`", "string"]] })],
  ["java kt cs scala swift dart php proto", cLike(JAVA)], ["zig", { ...rust, spans: [] }],
  ["json jsonc", cLike(words("true false null"))], ["scss less", cLike(NONE)],
  ["css", { line: null, spans: C_SPANS, quotes: "\"'", keywords: NONE }],
  ["html htm xml svg vue svelte", markup], ["py pyi", python], ["rb pl jl ex exs", hash(RUBY)], ["r", hash(LUA)],
  ["sh bash zsh fish mk cmake", hash(SHELL)], ["toml yaml yml ini conf cfg lock nix tf", config], ["sql", sql],
  ["lua", { line: "--", spans: [["--[[", "]]", "comment"], ["[[", "]]", "string"]], quotes: "\"'", keywords: LUA }],
  ["hs", { line: "--", spans: [["{-", "-}", "comment"]], quotes: "\"", keywords: HASKELL }],
];
const BY_EXTENSION = new Map(FAMILIES.flatMap(([extensions, language]) =>
  extensions.split(" ").map((extension) => [extension, language])));
/** Files that have no extension, and the one that they could have. */
const BY_NAME = new Map(Object.entries({
  makefile: "mk", gnumakefile: "mk", dockerfile: "sh", ".bashrc": "sh", ".zshrc": "sh", ".profile": "sh",
  ".gitignore": "conf", ".gitconfig": "conf", gemfile: "rb", rakefile: "rb",
}));

/** The language of a file by its name, or null. */
export function languageOf(name) {
  if (typeof name !== "string") return null;
  const lower = name.toLowerCase();
  const extension = BY_NAME.get(lower) ?? lower.slice(lower.lastIndexOf(".") + 1);
  return BY_EXTENSION.get(extension) ?? null;
}
