package web

import (
	"cmp"
	"encoding"
	"encoding/json"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// openAPI sends the document that describes the interface for programs, made
// from the same table that answers.
func (s *Server) openAPI(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Security-Policy", nothing)
	body, err := marshal(describe(s.operations(), s.o.Version))
	if err != nil {
		return err
	}
	return sendBody(w, r, 0, "application/vnd.oai.openapi+json;version=3.1", append(body, '\n'))
}

// object is a JSON object.
type object = map[string]any

// describe returns the document of some operations.
func describe(ops []operation, version string) object {
	d := describer{schemas: object{}}
	paths := object{}
	for i := range ops {
		op := &ops[i]
		p, _ := paths[op.path].(object)
		if p == nil {
			p = object{}
			paths[op.path] = p
		}
		p[strings.ToLower(op.method)] = d.operation(op)
	}
	d.schemas["Problem"] = d.structSchema(reflect.TypeFor[problem]())
	return object{
		"openapi": "3.1.0",
		"info": object{"title": "stet", "version": cmp.Or(version, "0"), "license": object{"name": "Apache-2.0", "identifier": "Apache-2.0"},
			"description": "The archive of the social posts that articles show. Times are RFC 3339 in UTC, digests sha256:hex, posts platform:id. " +
				"Lists are answered as JSON, as lines (format=ndjson) or as a table (format=csv); next continues them. Errors are problem details (RFC 9457)."},
		"servers":  []any{object{"url": apiPrefix}},
		"security": []any{object{}, object{"token": []any{}}, object{"session": []any{}}},
		"paths":    paths,
		"components": object{"schemas": d.schemas, "securitySchemes": object{
			"token":   object{"type": "http", "scheme": "bearer"},
			"session": object{"type": "apiKey", "in": "cookie", "name": "__Host-" + sessionCookie},
		}},
	}
}

// describer collects the schemas that a document refers to.
type describer struct{ schemas object }

func (d *describer) operation(op *operation) object {
	out := object{"operationId": op.id, "summary": op.summary, "description": "Needs the role " + string(op.need) + "."}
	params := []any{}
	for _, p := range op.params {
		in := "query"
		if strings.Contains(op.path, "{"+p.name+"}") {
			in = "path"
		}
		params = append(params, object{"name": p.name, "in": in, "required": p.needed, "description": p.words, "schema": object{"type": cmp.Or(p.kind, "string")}})
	}
	if op.list {
		params = append(params, object{"name": "format", "in": "query", "required": false, "description": "the form of the answer", "schema": object{"type": "string", "enum": []any{"json", "ndjson", "csv"}}})
	}
	out["parameters"] = params
	if op.body != nil {
		out["requestBody"] = object{"required": true, "content": object{"application/json": object{"schema": d.schema(reflect.TypeOf(op.body))}}}
	}
	content := object{}
	switch {
	case op.send != nil && op.answer == nil:
		content[op.kind] = object{}
	case op.list:
		item := d.schema(reflect.TypeOf(op.answer))
		content["application/json"] = object{"schema": object{"type": "object", "required": []any{"items", "next"},
			"properties": object{"items": object{"type": "array", "items": item}, "next": object{"type": "string"}}}}
		content["application/x-ndjson"] = object{"schema": item}
		content["text/csv"] = object{"schema": object{"type": "string"}}
	default:
		content["application/json"] = object{"schema": d.schema(reflect.TypeOf(op.answer))}
	}
	out["responses"] = object{
		strconv.Itoa(cmp.Or(op.status, http.StatusOK)): object{"description": "Done", "content": content},
		"default": object{"description": "A problem", "content": object{"application/problem+json": object{"schema": object{"$ref": "#/components/schemas/Problem"}}}},
	}
	return out
}

// schema returns the schema of a type's JSON.
func (d *describer) schema(t reflect.Type) object {
	switch {
	case t.Kind() == reflect.Pointer:
		return object{"anyOf": []any{d.schema(t.Elem()), object{"type": "null"}}}
	case t == reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case t == reflect.TypeFor[time.Duration]():
		return object{"type": "integer"}
	case t == reflect.TypeFor[json.RawMessage]():
		return object{}
	case t == reflect.TypeFor[[]byte]():
		return object{"type": "string", "contentEncoding": "base64"}
	case t.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		return object{"type": "string"}
	}
	switch t.Kind() {
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Float32, reflect.Float64:
		return object{"type": "number"}
	case reflect.Slice, reflect.Array:
		return object{"type": "array", "items": d.schema(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": d.schema(t.Elem())}
	case reflect.Interface:
		return object{}
	case reflect.Struct:
		if t.NumField() == 0 {
			return object{"type": "object"}
		}
		name := d.name(t)
		if _, ok := d.schemas[name]; !ok {
			d.schemas[name] = object{} // a type may hold itself
			d.schemas[name] = d.structSchema(t)
		}
		return object{"$ref": "#/components/schemas/" + name}
	}
	return object{"type": "integer"}
}

var notName = regexp.MustCompile(`[^A-Za-z0-9]`)

// name returns the name of a type's schema: that of the package stands before
// it, since two of them have a Post.
func (d *describer) name(t reflect.Type) string {
	pkg := t.PkgPath()[strings.LastIndex(t.PkgPath(), "/")+1:]
	return notName.ReplaceAllString(strings.ToUpper(pkg[:1])+pkg[1:]+strings.TrimPrefix(t.Name(), "api"), "")
}

func (d *describer) structSchema(t reflect.Type) object {
	properties, required := object{}, []any{}
	d.fields(t, properties, &required)
	slices.SortFunc(required, func(a, b any) int { return cmp.Compare(a.(string), b.(string)) })
	return object{"type": "object", "properties": properties, "required": required}
}

// fields adds the members of a struct, those of embedded ones too.
func (d *describer) fields(t reflect.Type, properties object, required *[]any) {
	for f := range t.Fields() {
		tag := f.Tag.Get("json")
		name, options, _ := strings.Cut(tag, ",")
		switch {
		case tag == "-" || !f.IsExported():
			continue
		case f.Anonymous && tag == "":
			d.fields(f.Type, properties, required)
			continue
		case name == "":
			name = f.Name
		}
		properties[name] = d.schema(f.Type)
		if !strings.Contains(options, "omit") {
			*required = append(*required, name)
		}
	}
}
