import Charts
import Foundation
import MediaIO
import PipelineCore
import TestSupport
import Testing
import Torch

@testable import TextToImageTask

/// Folders of pictures with captions, and models of them.
struct CaptionedPicturesTests {
  private let small: SmallScenes

  init() throws { small = try SmallScenes() }

  @Test func listsNameTheirColumns() throws {
    let entries = try CaptionedPictures.entries(
      "picture\tgroup\tcaption\tkeywords\na.png\tcats\ta cat\tcat, pet\r\nb.png\tcats\tblue: dog\t\n\nc.png\t\tno\n",
      name: "list")
    #expect(
      entries == [
        .init(picture: "a.png", caption: "a cat", keywords: ["cat", "pet"], group: "cats"),
        .init(picture: "b.png", caption: "blue: dog", keywords: [], group: "cats"),
        .init(picture: "c.png", caption: "no", keywords: [], group: "c.png"),
      ])
    for (text, complaint) in [
      ("", "picture and caption"), ("a.png\ta cat\n", "picture and caption"),
      ("picture\tcaption\na.png\ta cat\nb.png\n", "line 3, has no caption"),
      ("picture\tcaption\na.png\ta cat\n", "names 1 pictures"),
    ] {
      #expect {
        try CaptionedPictures.entries(text, name: "list")
      } throws: { error in
        (error as? PipelineError)?.kind == .data && "\(error)".contains(complaint)
      }
    }
  }

  /// Alpha multiplies colours, and what is no square gets transparent sides.
  @Test func picturesBecomeSquares() throws {
    let image = Image(
      width: 2, height: 4, channels: .rgba,
      samples: .uint8((0..<8).flatMap { [255, 100, 0, $0 < 4 ? 255 : 51] as [UInt8] }))
    let x = try CaptionedPictures.square(image, side: 4)
    #expect(x.shape == [4, 4, 4])
    func row(_ channel: Int, _ row: Int) throws -> [Float] {
      try x.select(0, channel).select(0, row).floats()
    }
    #expect(try row(3, 0) == [0, 1, 1, 0])
    #expect(try row(0, 0) == [0, 1, 1, 0])
    // A fifth of it is there.
    for (channel, value) in [(3, Float(0.2)), (0, Float(0.2)), (1, Float(20.0 / 255))] {
      let wanted = try Tensor([0, value, value, 0], shape: [4])
      #expect(try largestDifference(x.select(0, channel).select(0, 3), wanted) < 1e-6)
    }
  }

  /// As a model has them, and back as a file has them.
  @Test func transparencyGoesThereAndBack() throws {
    var levels: [UInt8] = []
    for pixel in 0..<1024 {
      let alpha: UInt8 = pixel % 3 == 0 ? 0 : 255
      levels += [UInt8(pixel % 256), 77, 200, alpha]
    }
    let image = Image(width: 32, height: 32, channels: .rgba, samples: .uint8(levels))
    let (x, known) = try PictureFile.pixels(image.pngData(), "x", side: 32, channels: 4)
    #expect(known == nil && x.shape == [4, 32, 32])
    // Level v lies in v / 256 … (v + 1) / 256.
    let drawn = try PictureFile.image((x * 255 + 0.5) / 256, size: 32, nil, StageContext())
    guard case .uint8(let back) = drawn.samples else { throw TestFailure() }
    for pixel in 0..<1024 {
      let (a, b) = (Array(levels[pixel * 4..<pixel * 4 + 4]), Array(back[pixel * 4..<pixel * 4 + 4]))
      // What is not there has no colour.
      #expect(a[3] == 0 ? b[3] == 0 : a == b, "pixel \(pixel)")
    }
  }

  private struct TestFailure: Error {}

  /// What is held out is neither trained on nor in the vocabulary, whatever the order.
  @Test func heldOutPicturesStayOut() throws {
    let pictures = try CaptionedPictures(folder: small.pictures(), side: 32, workers: 2)
    let held = pictures.places(heldOut: true)
    #expect((1...20).contains(held.count) && held.count + pictures.places(heldOut: false).count == 60)
    let source = try PictureSource(pictures)
    let (words, captions) = (Set(source.vocabulary.words), try #require(source.captions))
    #expect(captions.count == 60 - held.count)
    for place in held {
      #expect(!words.contains("\(place)"))
      #expect(!captions.contains(pictures.entries[place].caption))
    }
    for (part, isHeldOut) in [(CaptionPart.training, false), (.watched, true)] {
      let samples = try source.samples(BatchNoise(seed: 1, first: 0, count: 40), part)
      for row in 0..<40 {
        let x = try samples.x.select(0, row)
        let place = try (0..<60).first { try largestDifference(pictures.x.select(0, $0), x) == 0 }
        #expect(place.map { held.contains($0) } == isHeldOut)
      }
    }
  }

  /// Every caption says something of its picture, in several ways.
  @Test func captionsVary() {
    let entry = CaptionedPictures.Entry(
      picture: "a", caption: "grinning cat", keywords: ["cat", "smile", "pet"], group: "a")
    let captions = (0..<200).map {
      PictureSource.caption(entry, KeyedNoise(seed: 1, sample: $0, step: 0, stream: "pictures"))
    }
    let allowed = Set(["grinning", "cat", "smile", "pet"])
    #expect(
      captions.allSatisfy {
        !$0.isEmpty && Set($0.split(separator: " ").map(String.init)).isSubset(of: allowed)
      })
    #expect(captions.contains("grinning cat") && captions.contains("smile") && Set(captions).count > 10)
    let bare = CaptionedPictures.Entry(picture: "a", caption: "cat", keywords: [], group: "a")
    #expect(PictureSource.caption(bare, KeyedNoise(seed: 1, sample: 0, step: 0)) == "cat")
  }

  @Test func wordsOfOtherNumbersAndAccentsAreFound() {
    let vocabulary = PictureSource.vocabulary(["smiling cat with 2 boxes", "flag: Cote d’Ivoire", "dogs"])
    func known(_ text: String) -> [String] { vocabulary.tokens(text).indices.map { vocabulary.words[$0] } }
    #expect(known("Cats and a BOX, a dog") == ["cat", "a", "dogs"].filter(vocabulary.words.contains))
    #expect(known("côte") == ["cote"] && known("boxes") == ["boxes"])
    #expect(vocabulary.tokens("a unicorn").unknown == ["a", "unicorn"])
  }

  /// What one is looked for among are 99 that say something else; as near as one's own counts against a picture.
  @Test func captionsAreFoundAmongOthers() throws {
    let matcher = try CaptionMatcher(contentsOf: small.train("matcher", "matcher").weights)
    let captions = (0..<150).map { "square number \($0 % 140)" }
    let retrieval = try CaptionRetrieval(matcher, captions)
    let places = Array(captions.indices)
    let same = try retrieval.ranks(of: places, workers: 2) { try Tensor.zeros([$0.shape[0], 4, 32, 32]) }
    // One picture is nearer to some captions than to others.
    #expect(same.count == 150 && same.allSatisfy { (0..<CaptionRetrieval.choices).contains($0) })
    #expect(Set(same).count > 20)
    // Without a known word, all captions are the same to the matcher.
    let unknown = try CaptionRetrieval(matcher, (0..<150).map { "xyz\($0)" }).ranks(of: places, workers: 2) {
      try Tensor.zeros([$0.shape[0], 4, 32, 32])
    }
    #expect(unknown.allSatisfy { $0 == 99 })
    for place in places {
      let others = CaptionRetrieval.others(of: place, among: places, captions)
      #expect(others.count == 99 && Set(others).count == 99)
      #expect(others.allSatisfy { captions[$0] != captions[place] })
    }
    #expect(CaptionRetrieval.others(of: 0, among: [0, 1, 2, 140], captions).sorted() == [1, 2])
  }

  /// A model of other pictures: drawn with transparency, described by what it learned, measured by its matcher.
  @Test func fromCaptionsToPicturesAndBack() throws {
    let specification = try small.published(["emoji", "matcher"])
    let model = ["model": "emoji", "size": "32"]
    let files = try small.draw(specification, "square number 4", model.merging(["count": "2"]) { $1 })
    #expect(files.single.count == 2 && files.single[0].data != files.single[1].data)
    let image = try Image(decoding: files.single[0].data, name: "drawn")
    #expect(image.channels == .rgba && image.width == 32)
    // Without a caption, one that it learned is drawn.
    let drawn = try Image(decoding: small.draw(specification, "", model).together, name: "drawn")
    let caption = try #require(try Provenance(drawn.metadata, name: "drawn")?.condition?.values["caption"])
    let known = try CaptionModel.Description(contentsOf: specification.model(named: "emoji").weights).captions
    #expect(known?.contains(caption) == true)
    let task = TextToImage()
    func request(_ verb: Verb, _ given: [String: String]) throws -> InferenceRequest {
      try small.request(verb, files.single[0].data, given.merging(["model": "emoji"]) { $1 })
    }
    let described = try task.describe(request(.describe, ["candidates": "3", "levels": "4"]), specification)
    #expect(described.posterior.count == 3)
    #expect(described.posterior.allSatisfy { known?.contains($0.name) == true })
    #expect(abs(described.posterior.reduce(0) { $0 + $1.probability } - 1) < 1e-9)
    let score = try task.score(request(.score, ["caption": "square"]), specification)
    #expect(score.nats.isFinite && score.dimensions == 4096)
    #expect(try task.embed(request(.embed, [:]), specification).count == 4 * 16)
  }

  @Test func evaluation() throws {
    let specification = try small.published(["emoji", "matcher"])
    func evaluate(_ data: [URL], descriptions: Int = 0) throws -> [EvaluationTable] {
      try TextToImage().evaluate(
        EvaluationRequest(
          model: "emoji", data: data,
          options: SmallScenes.options(
            TextToImage().evaluationOptions,
            ["draws": "20", "guidances": "1, 2", "descriptions": "\(descriptions)"]),
          workers: 2), specification)
    }
    let table = try evaluate([small.pictures()])[0]
    #expect(
      table.rows.map(\.name) == [
        "pictures, seen", "pictures, held-out", "seen, guidance 1.0", "held-out, guidance 1.0",
        "seen, guidance 2.0", "held-out, guidance 2.0",
      ])
    #expect(
      table.rows.allSatisfy {
        (0...100).contains($0.values[0] ?? -1) && ($0.values[2] ?? -1) >= ($0.values[0] ?? 0)
      })
    #expect(table.rows[0].values[3] == 20 && table.chart?.curves.count == 4)
    #expect {
      try evaluate([small.pictures()], descriptions: 2)
    } throws: {
      ($0 as? PipelineError)?.kind == .usage
    }
    #expect { try evaluate([]) } throws: { ($0 as? PipelineError)?.kind == .usage }
    #expect { try evaluate([small.folder.url]) } throws: { ($0 as? PipelineError)?.kind == .data }
  }
}
