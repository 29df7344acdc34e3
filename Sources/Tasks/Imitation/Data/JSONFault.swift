/// What is wrong with a line of JSON, for people.
struct JSONFault {
  let phrase: String

  init(_ error: any Error) {
    func path(_ context: DecodingError.Context) -> String {
      context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: " ")
    }
    switch error {
    case DecodingError.keyNotFound(let key, _): phrase = "lacks '\(key.stringValue)'"
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
      let place = path(context)
      phrase =
        place.isEmpty
        ? "is no JSON object, {…}"
        : "has at '\(place)' no \(place.contains("[") ? "number" : "value of the right kind")"
    default: phrase = "is not JSON, or has a number that is too large (NaN and Infinity are none)"
    }
  }
}
