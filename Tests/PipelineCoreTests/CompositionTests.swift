import Foundation
import MediaIO
import Testing

@testable import PipelineCore

struct CompositionTests {
  private let specification = """
    task: toy
    version: 1
    summary: For tests
    stages:
      - decode-toy
      - brighten: {amount: 7}
      - encode-toy
    """

  @Test func swiftSpecificationAndPipeAgreeByteForByte() throws {
    let chain = Toy.decode.then(Toy.brighten(by: 7)).then(Toy.encode)
    let inSwift = try chain(Toy.input, context: calm)

    let pipeline = try Pipeline(try Specification(specification), registry: Toy.registry)
    let inSpecification = try pipeline.stage()(Toy.input, context: calm) as? Data

    var inPipe = Toy.input
    for (name, options) in [("decode-toy", [:]), ("brighten", ["amount": "7"]), ("encode-toy", [:])] {
      inPipe = try Toy.registry.runInPipe(
        name, options: options.mapValues { GivenOption($0, place: "--amount") }, input: inPipe, context: calm)
    }

    #expect(inSwift == Data([2, 3, 8, 9, 10, 11, 12, 6]) + Data("toy".utf8))
    #expect(inSpecification == inSwift)
    #expect(inPipe == inSwift)
    #expect(chain.names == ["decode-toy", "brighten", "encode-toy"])
    #expect(try pipeline.stage().names == chain.names)
    #expect(pipeline.input == .bytes && pipeline.output == .bytes)
  }

  @Test func groupingDoesNotMatter() throws {
    let left = Toy.decode.then(Toy.brighten(by: 1)).then(Toy.encode)
    let right = Toy.decode.then(Toy.brighten(by: 1).then(Toy.encode))
    #expect(left.names == right.names)
    #expect(try left(Toy.input, context: calm) == right(Toy.input, context: calm))
  }

  @Test func commandLineGoesBeforeTheEntryAndTheEntryBeforeDefaults() throws {
    let text = """
      task: toy
      version: 1
      summary: s
      defaults: {amount: 100}
      stages: [decode-toy, brighten, brighten: {amount: 10}, encode-toy]
      """
    let options = [OptionDescription.integer("amount", help: "")]
    let entry = try Pipeline(try Specification(text, options: options), registry: Toy.registry)
    #expect(entry.steps.map { $0.options.values["amount"] } == [nil, .integer(100), .integer(10), nil])
    #expect(entry.steps[1].options.texts == ["amount": "100", "mode": "wrap"])
    let line = try Pipeline(
      try Specification(text, options: options), registry: Toy.registry,
      overriding: ["amount": .commandLine("amount", "3")])
    #expect(line.steps.map { $0.options.values["amount"] } == [nil, .integer(3), .integer(3), nil])
  }

  @Test func nothingIsMadeBeforeAllIsChecked() throws {
    var registry = Toy.registry
    registry.register(
      StageDefinition("heavy", summary: "") { (_, _) -> FunctionStage<Image, Image> in
        throw PipelineError.data("made")
      })
    let text = "task: toy\nversion: 1\nsummary: s\nstages: [decode-toy, heavy, encode-toy]"
    let pipeline = try Pipeline(try Specification(text), registry: registry)
    #expect(line { _ = try pipeline.stage() } == "made")
  }

  @Test func erasedStagesKnowTheirTypes() throws {
    let erased = try AnyStage(Toy.decode).then(AnyStage(Toy.describe))
    #expect(erased.input == .bytes && erased.output == .text)
    let typed = try erased.typed(Data.self, String.self)
    #expect(try typed(Toy.input, context: calm) == "2×3\n")
    #expect(
      line { _ = try erased.typed(Data.self, Image.self) }
        == "'decode-toy | describe' takes bytes and gives text, not bytes and an image")
    #expect(
      line { _ = try AnyStage(Toy.describe).then(AnyStage(Toy.encode)) }
        == "stage 'encode-toy' wants an image but 'describe' gives text")
    #expect(
      line { _ = try erased("text", context: calm) }.hasSuffix("wants bytes but its input gives text"))
  }

  @Test func chainsStopBetweenStages() throws {
    let context = StageContext { throw Interrupted(signal: SIGINT) }
    #expect(throws: Interrupted(signal: SIGINT)) {
      try Toy.decode.then(Toy.encode)(Toy.input, context: context)
    }
  }
}
