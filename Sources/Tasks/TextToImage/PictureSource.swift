internal import PipelineCore
internal import Torch

/// Pictures of a folder; what is watched are those that are held out.
struct PictureSource: CaptionSource {
  private static let longestText = 16
  /// Keywords that a caption has at most.
  private static let mostKeywords = 3

  let pictures: CaptionedPictures
  let vocabulary: CaptionVocabulary
  let captions: [String]?
  private let trained: [Int]
  private let watched: [Int]

  let channels = 4
  let attributes: [Int]? = nil
  var side: Int { pictures.x.shape[2] }

  /// - Throws: `PipelineError` of kind `.data` where all pictures are of one part.
  init(_ pictures: CaptionedPictures) throws {
    self.pictures = pictures
    (trained, watched) = (pictures.places(heldOut: false), pictures.places(heldOut: true))
    guard !trained.isEmpty, !watched.isEmpty else {
      throw PipelineError.data(
        "\(pictures.entries.count) pictures are too few for some to be held out; a hundred or more would be right"
      )
    }
    let known = trained.map { pictures.entries[$0] }
    captions = known.map(\.caption)
    vocabulary = Self.vocabulary(known.flatMap { [$0.caption] + $0.keywords })
  }

  /// Of everything that is said of the pictures.
  static func vocabulary(_ texts: [String]) -> CaptionVocabulary {
    let none = CaptionVocabulary([], longest: longestText, isLenient: true)
    return vocabulary(words: Set(texts.flatMap(none.split)).sorted(), longest: longestText)
  }

  static func vocabulary(words: [String], longest: Int) -> CaptionVocabulary {
    CaptionVocabulary(words, longest: longest, isLenient: true)
  }

  func samples(_ noise: BatchNoise, _ part: CaptionPart) throws -> CaptionedSamples {
    let places = part == .watched ? watched : trained
    let rows = noise.samples.indices.map { noise.row($0, stream: "pictures") }
    let chosen = rows.map { places[$0.integers(below: places.count, count: 1)[0]] }
    return CaptionedSamples(
      x: try pictures.x.indexSelect(0, Tensor(chosen.map(Int64.init), shape: [chosen.count])),
      words: zip(chosen, rows).map {
        let entry = pictures.entries[$0]
        return vocabulary.tokens(part == .watched ? entry.caption : Self.caption(entry, $1)).indices
      })
  }

  /// A way to say what a picture shows: its name, some keywords, or both.
  static func caption(_ entry: CaptionedPictures.Entry, _ noise: KeyedNoise) -> String {
    var cursor = NoiseCursor(noise, for: "wording")
    let isNamed = entry.keywords.isEmpty || cursor.chance(0.7)
    guard !isNamed || (!entry.keywords.isEmpty && cursor.chance(0.3)) else { return entry.caption }
    var left = entry.keywords
    let keywords = (0...cursor.integer(below: min(mostKeywords, left.count))).map { _ in
      left.remove(at: cursor.integer(below: left.count))
    }
    return ((isNamed ? [entry.caption] : []) + keywords).joined(separator: " ")
  }
}
