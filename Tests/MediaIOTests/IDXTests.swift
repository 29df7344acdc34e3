import Foundation
import MediaIO
import Testing

@Suite struct IDXReading {
  private let labels: [UInt8] = [0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9]
  // gzip.compress(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9]), mtime=0)
  private let gzipped = Data(base64Encoded: "H4sIAAAAAAACA2Ng4GBkYGBgZufgBACtmAq6CwAAAA==")!

  @Test func arraysOfBytes() throws {
    let array = try IDXArray(data: Data(labels), name: "labels")
    #expect(array.shape == [3] && array.values == [7, 8, 9])
    let pictures = try IDXArray(
      data: Data([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4]), name: "pictures")
    #expect(pictures.shape == [1, 2, 2] && pictures.values == [1, 2, 3, 4])
    #expect(try IDXArray(data: gzipped, name: "labels.gz") == array)
    try withFolder { folder in
      let file = folder.appending(path: "labels.gz")
      try gzipped.write(to: file)
      #expect(try IDXArray(contentsOf: file) == array)
    }
  }

  @Test func everyTruncationIsRefused() {
    for length in 0..<labels.count {
      refusal("labels") { try IDXArray(data: Data(labels.prefix(length)), name: "labels") }
    }
    for length in 2..<gzipped.count {
      refusal("labels.gz") { try IDXArray(data: gzipped.prefix(length), name: "labels.gz") }
    }
  }

  @Test func otherFilesAreRefused() {
    refusal("not an IDX file") { try IDXArray(data: Data("P5 1 1 255".utf8), name: "x") }
    refusal("type 0xd") { try IDXArray(data: Data([0, 0, 13, 1, 0, 0, 0, 1, 0, 0, 0, 0]), name: "x") }
    refusal("where its header says 2") { try IDXArray(data: Data([0, 0, 8, 1, 0, 0, 0, 2, 1]), name: "x") }
    refusal("where its header says 1") {
      try IDXArray(data: Data([0, 0, 8, 1, 0, 0, 0, 1, 1, 1]), name: "x")
    }
    // Sides whose product overflows.
    let huge = [0, 0, 8, 4] + [UInt8](repeating: 255, count: 16)
    refusal("where its header says") { try IDXArray(data: Data(huge), name: "x") }
  }

  @Test func damagedAndBoundlessGzipIsRefused() {
    var damaged = gzipped
    damaged[14] ^= 0x55
    refusal("damaged gzip file") { try Gzip.decompressed(damaged, name: "x") }
    refusal("more than 5 bytes") { try Gzip.decompressed(gzipped, limit: 5, name: "x") }
    #expect(throws: Never.self) { try Gzip.decompressed(gzipped, limit: 11, name: "x") }
  }
}

@Suite struct ContactSheets {
  private func flat(_ value: UInt8) -> Image {
    Image(width: 2, height: 1, channels: .grey, samples: .uint8([value, value + 1]))
  }

  @Test func picturesStandInRows() {
    let sheet = Image.contactSheet([10, 20, 30].map(flat), columns: 2, gap: 1)
    #expect(sheet.width == 5 && sheet.height == 3)
    #expect(
      sheet.samples
        == .uint8([
          10, 11, 255, 20, 21,
          255, 255, 255, 255, 255,
          30, 31, 255, 255, 255,
        ]))
  }

  @Test func oneIsItselfAndManyAreAboutSquare() {
    #expect(Image.contactSheet([flat(5)]) == flat(5))
    let sheet = Image.contactSheet((0..<10).map { flat(UInt8($0)) }, gap: 0)
    #expect(sheet.width == 8 && sheet.height == 3)
  }
}
