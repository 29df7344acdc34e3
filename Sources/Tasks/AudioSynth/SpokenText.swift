internal import PipelineCore

/// The words and the voices of a model.
struct Vocabulary: Sendable, Equatable {
  var words: [String]
  var voices: [String]

  /// At most so many words are said at once.
  static let longestText = 100_000

  /// The indices of a text's words. Figures may stand together, and be spelled in English.
  /// - Throws: `PipelineError` of kind `.usage` that names the first unknown word, and those that are known.
  func words(in text: String) throws -> [Int] {
    let spelled = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    let parts = text.split { $0.isWhitespace || $0 == "," }.flatMap { part -> [String] in
      if words.contains(String(part)) { return [String(part)] }
      if let word = words.first(where: { $0.lowercased() == part.lowercased() }) { return [word] }
      if let figure = spelled.firstIndex(of: part.lowercased()) { return ["\(figure)"] }
      return part.allSatisfy { $0.isASCII && $0.isNumber } ? part.map { String($0) } : [String(part)]
    }
    guard !parts.isEmpty, parts.count <= Self.longestText else {
      throw PipelineError.usage(
        "\(parts.count) words are to be said; 1 to \(Self.longestText) would be right")
    }
    return try parts.map { part in
      guard let index = words.firstIndex(of: part) else {
        throw PipelineError.usage(NearestName.unknown("word", part, known: words, listing: true))
      }
      return index
    }
  }

  /// - Throws: `PipelineError` of kind `.usage` that names the nearest voice and lists all.
  func voice(_ name: String) throws -> Int {
    guard let index = voices.firstIndex(of: name) else {
      throw PipelineError.usage(NearestName.unknown("speaker", name, known: voices, listing: true))
    }
    return index
  }
}

extension WordsModel {
  var vocabulary: Vocabulary { Vocabulary(words: description.words, voices: description.voices) }
}

extension String {
  /// Some editors begin a file with a byte order mark, which is no part of the text.
  var withoutByteOrderMark: String {
    unicodeScalars.first == "\u{FEFF}" ? String(String.UnicodeScalarView(unicodeScalars.dropFirst())) : self
  }
}
