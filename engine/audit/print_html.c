/* The matrix as one page that needs nothing else: readable without JavaScript (each cell opens by
 * itself), with it sorted and filtered. Nothing is loaded from anywhere. */
#include <inttypes.h>

#include "audit/print.h"

static const char style_sheet[] =
    ":root{color-scheme:light dark;--ink:#1c1e21;--dim:#5d636b;--paper:#fff;--line:#d5d9de;"
    "--panel:#f5f6f8;--good:#14653a;--part:#7a5200;--bad:#a3202b;--doubt:#5a3d9e}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6e8eb;--dim:#a2a9b2;--paper:#16181b;"
    "--line:#3a3f46;--panel:#22262b;--good:#6fd19a;--part:#e6b450;--bad:#ff8a8f;--doubt:#bfa6ff}}\n"
    "body{margin:1.5rem;font:15px/1.4 system-ui,sans-serif;color:var(--ink);"
    "background:var(--paper)}\n"
    "h1{font-size:1.4rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}p{color:var(--dim)}\n"
    "form{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem "
    "1rem;position:sticky;top:0;z-index:3;"
    "padding:.6rem 0;background:var(--paper)}form[hidden]{display:none}\n"
    "label{color:var(--dim)}input,select{font:inherit;margin-left:.3rem}"
    "input[type=number]{width:5rem}\n"
    ".scroll{overflow-x:auto}table{border-collapse:collapse;min-width:40rem}\n"
    "th,td{padding:.3rem .6rem;border-bottom:1px solid var(--line);text-align:left;"
    "vertical-align:top}\n"
    "thead th{border-bottom:2px solid var(--line)}\n"
    "th button{all:unset;cursor:pointer;font-weight:600}"
    "th button:focus-visible{outline:2px solid}\n"
    "th[aria-sort=ascending] button:after{content:' \\2191'}"
    "th[aria-sort=descending] button:after{content:' \\2193'}\n"
    "tbody th{font-weight:400;position:sticky;left:0;background:var(--paper)}\n"
    "summary{cursor:pointer;list-style:none}summary::-webkit-details-marker{display:none}\n"
    "summary:after{content:'\\00a0\\203a';color:var(--dim)}\n"
    "details p{margin:.3rem 0;padding:.5rem;max-width:17rem;font-size:.85rem;"
    "font-style:normal;background:var(--panel);border-radius:4px;overflow-wrap:anywhere}\n"
    ".full{color:var(--good)}.beta,.limited{color:var(--part)}"
    ".none,.ignored,.disabled{color:var(--bad)}"
    ".unknown,.disputed{color:var(--doubt);font-style:italic}\n"
    "tr[hidden],td[hidden],th[hidden]{display:none}td.out{opacity:.25}\n"
    "dt{font-weight:600;margin-top:.4rem}dd{margin:0;color:var(--dim)}\n";

/* Sorting keeps the order of the file for what is alike; the third click brings it back. */
static const char script[] =
    "'use strict';const $=q=>[...document.querySelectorAll(q)],form=document.forms[0];"
    "const ranks=['full','beta','limited','disputed','unknown','disabled','ignored','none'];\n"
    "form.hidden=false;\n"
    "for(const t of $('table.matrix')){const body=t.tBodies[0],rows=[...body.rows];"
    "[...t.tHead.rows[0].cells].forEach((h,i)=>{const b=document.createElement('button');"
    "b.type='button';b.textContent=h.textContent;h.textContent='';h.append(b);\n"
    "b.onclick=()=>{const now=h.getAttribute('aria-sort'),"
    "next=!now?'ascending':now==='ascending'?'descending':'';"
    "for(const o of t.tHead.rows[0].cells)o.removeAttribute('aria-sort');"
    "if(next)h.setAttribute('aria-sort',next);\n"
    "const key=r=>i?ranks.indexOf(r.cells[i].dataset.state):r.cells[0].textContent.toLowerCase();"
    "const by=(a,b)=>key(a)<key(b)?-1:key(a)>key(b)?1:0,sign=next==='descending'?-1:1;"
    "body.append(...(next?[...rows].sort((a,b)=>sign*by(a,b)):rows))}})}\n"
    "const apply=()=>{const want=form.feature.value.toLowerCase(),state=form.state.value,"
    "platform=form.platform.value,age=Number(form.age.value)||0;let shown=0;\n"
    "for(const t of $('table.matrix')){const heads=[...t.tHead.rows[0].cells];"
    "heads.forEach((h,i)=>{h.hidden=i>0&&platform!==''&&h.dataset.platform!==platform});\n"
    "for(const r of t.tBodies[0].rows){let any=false;[...r.cells].forEach((c,i)=>{"
    "c.hidden=heads[i].hidden;if(!i||c.hidden)return;"
    "const fits=(!state||c.dataset.state===state)&&(!age||Number(c.dataset.age)>=age);"
    "c.classList.toggle('out',!fits);any=any||fits});\n"
    "r.hidden=!any||!(r.cells[0].textContent+' '+r.id).toLowerCase().includes(want);"
    "shown+=!r.hidden}}form.shown.value=shown+' rows'};\n"
    "form.oninput=apply;form.onsubmit=e=>e.preventDefault();apply();\n";

/* ---- The filters, hidden until there is a script that obeys them */

static void put_options(const struct names *names, struct text *out)
{
    for (size_t i = 0; i < names->count; i++)
        text_printf(out, "<option>%s</option>", names->rows[i].word);
    text_append(out, REDIAL_STR("</select></label>\n"));
}

static void put_form(struct text *out)
{
    text_append(out, REDIAL_STR("<form hidden>\n<label>feature<input name=\"feature\" "
                                "type=\"search\"></label>\n<label>platform<select "
                                "name=\"platform\"><option value=\"\">all</option>"));
    put_options(&platform_names, out);
    text_append(out, REDIAL_STR("<label>state<select name=\"state\"><option "
                                "value=\"\">all</option>"));
    put_options(&support_names, out);
    text_append(out, REDIAL_STR("<label>at least<input name=\"age\" type=\"number\" min=\"0\" "
                                "size=\"5\"> days old</label>\n<output name=\"shown\"></output>\n"
                                "</form>\n"));
}

/* ---- Tables */

static void put_cell(const struct matrix *matrix, const struct matrix_cell *cell, struct text *out)
{
    struct text remark = TEXT_INIT;
    if (!cell->present) {
        text_append(out, REDIAL_STR("<td data-state=\"unknown\">-</td>"));
        return;
    }
    const char *state = support_names.rows[cell->support].word;
    int32_t age = cell->day == DAY_NONE ? INT32_MAX : matrix->today - cell->day;
    text_printf(out,
                "<td class=\"%s\" data-state=\"%s\" data-age=\"%" PRId32 "\"><details><summary>",
                state, state, age);
    text_append_xml(out, matrix_word(cell));
    text_append(out, REDIAL_STR("</summary><p>"));
    if (cell->value.len > 0) text_printf(out, "%s<br>", state);
    matrix_remark(matrix, cell, &remark);
    text_append_xml(out, text_str(&remark));
    text_append(out, remark.len > 0 ? REDIAL_STR("<br>source: ") : REDIAL_STR("source: "));
    text_append_xml(out, cell->source);
    text_append(out, REDIAL_STR("<br>as of "));
    matrix_day_format(cell->day, out);
    text_append(out, REDIAL_STR("</p></details></td>"));
    text_clean_up(&remark);
}

static void put_heading(const struct matrix_column *column, struct text *out)
{
    text_printf(out, "<th scope=\"col\" data-platform=\"%s\" title=\"",
                column->platform >= 0 ? platform_names.rows[column->platform].word : "");
    text_append_xml(out, column->title);
    text_append(out, REDIAL_STR("\">"));
    text_append_xml(out, column->heading);
    text_append(out, REDIAL_STR("</th>"));
}

static void put_table(const struct matrix *matrix, const struct matrix_table *table,
                      struct text *out)
{
    text_printf(out,
                "<h2>%c%s</h2>\n<div class=\"scroll\"><table class=\"matrix\"><thead><tr><th "
                "scope=\"col\">feature</th>",
                table->title[0] - 32, table->title + 1);
    for (size_t c = 0; c < table->column_count; c++) put_heading(&table->columns[c], out);
    text_append(out, REDIAL_STR("</tr></thead>\n<tbody>\n"));
    for (size_t r = 0; r < table->row_count; r++) {
        text_append(out, REDIAL_STR("<tr id=\""));
        text_append_xml(out, table->rows[r].name);
        text_append(out, REDIAL_STR("\"><th scope=\"row\">"));
        text_append_xml(out, table->rows[r].title);
        text_append(out, REDIAL_STR("</th>"));
        for (size_t c = 0; c < table->column_count; c++)
            put_cell(matrix, &table->rows[r].cells[c], out);
        text_append(out, REDIAL_STR("</tr>\n"));
    }
    text_append(out, REDIAL_STR("</tbody></table></div>\n"));
}

/* ---- What the headings and sources stand for */

static void put_surfaces(const struct matrix_table *table, struct text *out)
{
    text_append(out, REDIAL_STR("<h2>Surfaces</h2>\n<dl>\n"));
    for (size_t c = 0; c < table->column_count; c++) {
        const struct matrix_column *column = &table->columns[c];
        text_append(out, REDIAL_STR("<dt>"));
        text_append_xml(out, column->heading);
        text_append(out, REDIAL_STR(": "));
        text_append_xml(out, column->title);
        text_append(out, REDIAL_STR("</dt><dd>when "));
        text_append_xml(out, column->use_when);
        text_append(out, REDIAL_STR("</dd>\n"));
    }
    text_append(out, REDIAL_STR("</dl>\n"));
}

static void put_sources(const struct matrix *matrix, struct text *out)
{
    text_append(out, REDIAL_STR("<h2>Sources</h2>\n<dl>\n"));
    for (size_t i = 0; i < matrix->source_count; i++) {
        text_append(out, REDIAL_STR("<dt>"));
        text_append_xml(out, matrix->sources[i].name);
        text_append(out, REDIAL_STR("</dt><dd>"));
        text_append_xml(out, matrix->sources[i].title);
        text_append(out, REDIAL_STR(", as of "));
        matrix_day_format(matrix->sources[i].day, out);
        text_append(out, REDIAL_STR("</dd>\n"));
    }
    text_append(out, REDIAL_STR("</dl>\n"));
}

void matrix_print_html(const struct matrix *matrix, const struct matrix_style *style,
                       struct text *out)
{
    (void)style;
    text_append(out,
                REDIAL_STR("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
                           "<meta http-equiv=\"Content-Security-Policy\" content=\""
                           "default-src 'none'; style-src 'unsafe-inline'; script-src "
                           "'unsafe-inline'\">\n<meta name=\"viewport\" content=\"width="
                           "device-width, initial-scale=1\">\n<title>Feature matrix</title>\n"
                           "<style>\n"));
    text_append(out, REDIAL_STR(style_sheet));
    text_append(out, REDIAL_STR("</style></head><body>\n<h1>Feature matrix</h1>\n<p>Ages as of "));
    matrix_day_format(matrix->today, out);
    text_append(out, REDIAL_STR(". A cell opens its source and what else is known.</p>\n"));
    put_form(out);
    for (size_t s = 0; s < MATRIX_SECTION_COUNT; s++)
        if (matrix->tables[s].row_count > 0) put_table(matrix, &matrix->tables[s], out);
    put_surfaces(matrix_surfaces(matrix), out);
    if (matrix->source_count > 0) put_sources(matrix, out);
    text_append(out, REDIAL_STR("<script>\n"));
    text_append(out, REDIAL_STR(script));
    text_append(out, REDIAL_STR("</script>\n</body></html>\n"));
}
